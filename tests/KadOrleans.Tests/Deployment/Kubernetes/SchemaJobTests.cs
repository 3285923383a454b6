namespace KadOrleans.Tests.Deployment;

/// <summary>The Job applies the schema of this clone, each time, and silos and edges wait for it.</summary>
[Needs(Need.Kubectl)]
public sealed class SchemaJobTests
{
    [Fact]
    public void The_job_applies_the_schema_with_the_roles_of_the_settings_at_each_apply()
    {
        var manifests = Manifests.Of("postgres");
        var job = manifests.One("Job", "kad-schema");
        var apply = job.Container();
        var words = apply.Texts("command").ToList();
        Assert.Equal(["silo_role=$(SILO_ROLE)", "edge_role=$(EDGE_ROLE)"], words.Where(word => word.Contains("role", StringComparison.Ordinal)));
        Assert.Equal("kad-schema-settings", apply.Text("envFrom.0.configMapRef.name"));
        Assert.Equal(["EDGE_ROLE", "SILO_ROLE"], manifests.One("ConfigMap", "kad-schema-settings").Pairs("data").Keys.Order());

        var volume = Assert.Single(job.Pod().Entries("volumes"), v => v.Text("name") == apply.Text("volumeMounts.0.name"));
        var (file, text) = Assert.Single(manifests.One("ConfigMap", volume.Text("configMap.name")!).Pairs("data"));
        Assert.Equal($"{apply.Text("volumeMounts.0.mountPath")}/{file}", words[^1]);
        Assert.Equal(Repository.Read("infra/postgresql/schema.sql"), text);
        Assert.Equal("600", job.Text("spec.ttlSecondsAfterFinished"));
    }

    [Fact]
    public void The_job_stays_the_same_when_the_schema_or_a_setting_changes()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = copy["kubernetes/overlays/postgres"];
        File.AppendAllText(copy["postgresql/schema.sql"], "-- changed\n");
        File.AppendAllText(Path.Combine(overlay, "schema.env"), "CHANGED=1\n");

        Assert.Equal(
            Manifests.Of("postgres").One("Job", "kad-schema").ToJsonString(), Manifests.Render(overlay).One("Job", "kad-schema").ToJsonString());
    }

    [Fact]
    public void Silos_and_edges_wait_for_the_job()
    {
        var manifests = Manifests.Of("postgres");
        foreach (var (workload, part) in new[] { (manifests.Silo, "silo"), (manifests.Edge, "edge") })
        {
            var wait = Assert.Single(workload.Pod().Entries("initContainers"));
            Assert.Equal(["sh", "/kad/wait-for-schema.sh", part], wait.Texts("command"));
            Assert.Equal("kad-postgres", wait.Text("envFrom.0.secretRef.name"));
            var volume = Assert.Single(workload.Pod().Entries("volumes"), v => v.Text("name") == wait.Text("volumeMounts.0.name"));
            var map = Assert.Single(manifests.OfKind("ConfigMap"), m => m.Text("metadata.name") == volume.Text("configMap.name")
                && m.Text("metadata.namespace") == workload.Text("metadata.namespace"));
            Assert.Equal(["wait-for-schema.sh"], map.Pairs("data").Keys);
        }
    }
}
