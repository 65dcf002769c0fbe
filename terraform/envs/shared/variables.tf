# What may be set in terraform.tfvars.json; ../../variables.tf says what each is, and checks it.

variable "alerts" {
  description = "As alerts in ../../variables.tf."
  type        = any
  default     = {}
}

variable "budget" {
  description = "As budget in ../../variables.tf."
  type        = any
  default     = null
}

variable "cors_origins" {
  description = "As cors_origins in ../../variables.tf."
  type        = list(string)
  default     = []
}

variable "deployers" {
  description = "As deployers in ../../variables.tf."
  type        = list(string)
  default     = []
}

variable "firestore_database" {
  description = "The id of the Firestore database; a second deployment in one project has one of its own."
  type        = string
  default     = "(default)"
}

variable "firestore_location" {
  description = "Where the database lies, for good: by default the first region."
  type        = string
  default     = null
}

variable "images" {
  description = "As images in ../../variables.tf."
  type        = any
}

variable "max_instances" {
  description = "As max_instances in ../../variables.tf."
  type        = map(number)
  default     = {}
}

variable "models" {
  description = "Further folders of models, from the root of the repository or absolute. Read by npm run deploy alone: what it builds of them are images and pools."
  type        = list(string)
  default     = []
}

variable "pools" {
  description = "As pools in ../../variables.tf."
  type        = any
  default     = null
}

variable "prefix" {
  description = "As prefix in ../../variables.tf; npm run deploy gives slipway-<environment> unless it is set."
  type        = string
}

variable "project" {
  description = "As project in ../../variables.tf."
  type        = string
}

variable "regions" {
  description = "As regions in ../../variables.tf."
  type        = list(string)
}

variable "rejection_readers" {
  description = "As rejection_readers in ../../variables.tf."
  type        = list(string)
  default     = []
}

variable "secret_rotation" {
  description = "As secret_rotation in ../../variables.tf."
  type        = number
  default     = 1
}

variable "sign_in" {
  description = "As sign_in in ../../variables.tf."
  type        = any
  default     = null
}

variable "tenants" {
  description = "As tenants in ../../variables.tf."
  type        = any
  default     = {}
}

variable "token_audiences" {
  description = "As token_audiences in ../../variables.tf."
  type        = list(string)
  default     = []
}
