variable "account" {
  description = "The address of the account that calls the function: it receives events, and the function lets it in."
  type        = string
  nullable    = false
}

variable "document" {
  description = "The created documents that are events: the pattern of their paths, their database, which of that name it is, and where it lies. Either this or topic."
  type = object({
    database     = string
    database_uid = string
    location     = string
    path         = string
  })
  default = null
}

variable "name" {
  description = "What the trigger is called, the prefix before it."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "What the names of this deployment begin with."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false
}

variable "service" {
  description = "The Cloud Run service of the function that is called."
  type = object({
    name   = string
    region = string
  })
  nullable = false
}

variable "topic" {
  description = "The full name of the topic whose messages are events. Either this or document."
  type        = string
  default     = null

  validation {
    condition     = (var.topic == null) != (var.document == null)
    error_message = "A trigger has either a topic or a document."
  }
}
