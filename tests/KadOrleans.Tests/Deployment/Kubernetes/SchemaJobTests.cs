using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>The Job applies the schema of this clone, each time, and silos and edges wait for it.</summary>
public sealed class SchemaJobTests
{
    private const string Schema = "infra/postgresql/schema.sql";

    private static JsonObject Job => Manifests.Of("postgres").One("Job", "kad-schema");

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_applies_the_schema_with_the_roles_of_the_settings()
    {
        var pod = Job.At("spec.template.spec");
        var apply = Assert.Single(pod.Entries("containers"));
        var words = apply.Entries("command").Select(word => word.GetValue<string>()).ToList();
        Assert.Equal(["silo_role=$(SILO_ROLE)", "edge_role=$(EDGE_ROLE)"], words.Where(word => word.Contains("role", StringComparison.Ordinal)));
        Assert.Equal("kad-schema-settings", apply.Text("envFrom.0.configMapRef.name"));
        Assert.Equal(["EDGE_ROLE", "SILO_ROLE"], Manifests.Of("postgres").One("ConfigMap", "kad-schema-settings").Pairs("data").Keys.Order());

        var volume = Assert.Single(pod.Entries("volumes"), v => v.Text("name") == apply.Text("volumeMounts.0.name"));
        var (file, text) = Assert.Single(Manifests.Of("postgres").One("ConfigMap", volume.Text("configMap.name")!).Pairs("data"));
        Assert.Equal($"{apply.Text("volumeMounts.0.mountPath")}/{file}", words[^1]);
        Assert.Equal(Repository.Read(Schema), text);
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_stays_the_same_when_the_schema_or_a_setting_changes()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = Path.Combine(copy.Path, "kubernetes/overlays/postgres");
        File.AppendAllText(Path.Combine(copy.Path, "postgresql/schema.sql"), "-- changed\n");
        File.AppendAllText(Path.Combine(overlay, "schema.env"), "CHANGED=1\n");

        Assert.Equal(Text(Repository.Path("infra/kubernetes/overlays/postgres")), Text(overlay));

        static string Text(string folder) => Assert.Single(Kubectl.Kustomize(folder).Split("\n---\n"), text => text.Contains("kind: Job\n", StringComparison.Ordinal));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_runs_again_with_a_later_apply() => Assert.Equal("600", Job.Text("spec.ttlSecondsAfterFinished"));

    [Fact]
    [Needs(Need.Kubectl)]
    public void Silos_and_edges_wait_for_the_job()
    {
        var manifests = Manifests.Of("postgres");
        foreach (var (workload, part) in new[] { (manifests.Silo, "silo"), (manifests.Edge, "edge") })
        {
            var pod = workload.At("spec.template.spec");
            var wait = Assert.Single(pod.Entries("initContainers"));
            Assert.Equal(["sh", "/kad/wait-for-schema.sh", part], wait.Entries("command").Select(c => c.GetValue<string>()));
            Assert.Equal("kad-postgres", wait.Text("envFrom.0.secretRef.name"));
            var volume = Assert.Single(pod.Entries("volumes"), v => v.Text("name") == wait.Text("volumeMounts.0.name"));
            var map = Assert.Single(manifests.OfKind("ConfigMap"), m => m.Text("metadata.name") == volume.Text("configMap.name")
                && m.Text("metadata.namespace") == workload.Text("metadata.namespace"));
            Assert.Equal(["wait-for-schema.sh"], map.Pairs("data").Keys);
        }
    }
}
