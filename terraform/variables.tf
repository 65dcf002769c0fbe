variable "alerts" {
  description = "Whom alerts go to: addresses of people, and the ids of notification channels that exist."
  type = object({
    channels = optional(list(string), [])
    emails   = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "budget" {
  description = "A month's budget of the project in US dollars, and the billing account it is of; null for none."
  type = object({
    amount_usd      = number
    billing_account = string
  })
  default = null
}

variable "cors_origins" {
  description = "Origins of the pages that upload files."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "database" {
  description = "The Firestore database: its id, its location (by default the first region; for good), whether each version of the last seven days is kept."
  type = object({
    location               = optional(string)
    name                   = optional(string, "(default)")
    point_in_time_recovery = optional(bool, true)
  })
  default  = {}
  nullable = false
}

variable "deployers" {
  description = "Who deploys: IAM members that may build images as the build account."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "images" {
  description = "The images of all functions, of the pools that are built here, and of the receiver of test webhooks, by digest. npm run deploy builds them and writes this down."
  type = object({
    functions = map(string)
    pools     = map(string)
    receiver  = optional(string)
  })
  nullable = false

  validation {
    condition     = length(setsubtract(keys(local.functions), keys(var.images.functions))) == 0
    error_message = "images.functions must have an image of each function; it lacks ${join(", ", setsubtract(keys(local.functions), keys(var.images.functions)))}. npm run deploy builds them."
  }

  validation {
    condition     = alltrue([for name, pool in local.pools : try(pool.image, null) != null || contains(keys(var.images.pools), name)])
    error_message = "images.pools must have an image of each pool that names none itself; it lacks ${join(", ", [for name, pool in local.pools : name if try(pool.image, null) == null && !contains(keys(var.images.pools), name)])}. npm run deploy builds them."
  }

  validation {
    condition     = !var.smoke_receiver || var.images.receiver != null
    error_message = "images.receiver must be the image of the receiver where smoke_receiver is set. npm run deploy builds it."
  }
}

variable "max_instances" {
  description = "How many instances a function may have, by its name, where that is not as usual."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.max_instances), keys(local.functions))) == 0
    error_message = "max_instances must be for functions: ${join(", ", keys(local.functions))}."
  }
}

variable "pools" {
  description = "The pools, as npm run build writes them of the models it was given; null for those of gpu-job/models."
  type = map(object({
    behind_seconds        = number
    cpu                   = number
    gpu                   = optional(string)
    image                 = optional(string)
    max                   = number
    memory_gib            = number
    models                = list(string)
    oldest_queued_seconds = number
    timeout_seconds       = number
    volumes = optional(list(object({
      bucket = string
      path   = string
    })), [])
  }))
  default = null
}

variable "prefix" {
  description = "What all names of this deployment begin with. Two deployments in one project have two."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 14 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen: names of accounts have 30 characters at most."
  }
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be the project's id (gcloud projects list shows it), not its number or its name."
  }
}

variable "protected" {
  description = "Whether what holds data refuses to be deleted: the database, the bucket, the secrets."
  type        = bool
  default     = true
  nullable    = false
}

variable "regions" {
  description = "Where pools are deployed, the preferred one first; functions, topics and images are in the first."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.regions) > 0 && length(var.regions) <= 10 && length(distinct(var.regions)) == length(var.regions)
    error_message = "regions must be 1 to 10 different regions: a job is for at most ten queues."
  }

  validation {
    condition     = alltrue([for region in var.regions : can(regex("^[a-z]+-[a-z]+[0-9]+$", region))])
    error_message = "regions must be regions as us-central1: a zone (us-central1-a) or a multi-region (nam5, us) is none."
  }
}

variable "rejection_readers" {
  description = "Who may subscribe to what became of requests that could not be taken, of all tenants: IAM members."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "secret_rotation" {
  description = "Raised by one, makes a new value of each secret (modules/secret says what that does)."
  type        = number
  default     = 1
  nullable    = false
}

variable "sign_in" {
  description = "Where clients may listen in Firestore: how signing in with tokens of POST /v1/tokens/firebase is set up (modules/sign-in); {} will do on a fresh project. Null where nobody may listen."
  type = object({
    is_existing    = optional(bool, false)
    key_generation = optional(number, 1)
    referrers      = optional(list(string), [])
  })
  default = null
}

variable "smoke_receiver" {
  description = "Whether a small public service is deployed that npm run smoke has webhooks sent to."
  type        = bool
  default     = false
  nullable    = false
}

variable "tenants" {
  description = "Tenants whose own systems publish requests and subscribe to the ends of their jobs, by id: IAM members that may. Tenants that use HTTPS need no entry."
  type = map(object({
    publishers  = optional(list(string), [])
    subscribers = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for tenant in keys(var.tenants) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", tenant))])
    error_message = "tenants must be named by their ids: lower-case letters, digits and hyphens, 40 at most; one that ends with a hyphen can have no trigger, and so no topics."
  }

  validation {
    condition = alltrue(flatten([for tenant in values(var.tenants) : [
      for member in concat(tenant.publishers, tenant.subscribers) : can(regex("^(serviceAccount|user|group|principal|principalSet):", member))
    ]]))
    error_message = "publishers and subscribers must be IAM members, such as serviceAccount:jobs@acme.iam.gserviceaccount.com."
  }
}

variable "token_audiences" {
  description = "What ID tokens of Google accounts may be for, where they are taken in the place of keys; none are unless it is said."
  type        = list(string)
  default     = []
  nullable    = false
}
