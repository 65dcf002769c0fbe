output "location" {
  description = "Where the database lies, and triggers on its documents with it."
  value       = google_firestore_database.this.location_id
}

output "name" {
  description = "The id of the database, once its rules are in force; its indexes are built once the whole module is."
  value       = google_firestore_database.this.name

  depends_on = [google_firebaserules_release.this]
}

output "uid" {
  description = "Which database of that name it is: another one, once it was deleted and made anew."
  value       = google_firestore_database.this.uid
}

output "access" {
  description = "The condition of a project-wide role that makes it hold for this database alone."
  value = {
    title      = "only the database ${var.name}"
    expression = "resource.name == \"projects/${var.project}/databases/${var.name}\""
  }
}
