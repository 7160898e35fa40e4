import Glibc

// Dispatched from a type of its own: callbacks formed in main.swift are bound to the main actor.
exit(Helper.main())
