variable "name" {
  description = "The topic, as eventarc/topics.ts names it: what the prefix stands before."
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

variable "publishers" {
  description = "Who may publish: IAM members, by a name each."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.publishers) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "A topic is not for everybody: name the accounts that publish, each as serviceAccount:<address>."
  }
}

variable "subscribers" {
  description = "Who may attach a subscription: IAM members, by a name each."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.subscribers) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "A topic is not for everybody: name the accounts that subscribe, each as serviceAccount:<address>."
  }
}
