FROM maven:3-eclipse-temurin-21 AS build
COPY pom.xml .
COPY src src
RUN mvn -q package
FROM eclipse-temurin:21-jre
COPY --from=build target/app.jar /app.jar
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8080/health || exit 1
ENTRYPOINT java $JAVA_OPTS -jar /app.jar
