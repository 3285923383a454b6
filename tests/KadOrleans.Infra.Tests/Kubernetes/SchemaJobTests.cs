using System.Text.Json.Nodes;
using System.Xml.Linq;
using KadOrleans.Testing.Conditions;
using KadOrleans.Testing.Deployment;
using KadOrleans.Testing;

namespace KadOrleans.Infra.Tests.Kubernetes;

/// <summary>The scripts that are applied are pinned for the Orleans release that silos are built with, and silos wait for them.</summary>
public sealed class SchemaJobTests
{
    private static readonly string Version = XDocument.Parse(Repository.Read("Directory.Packages.props"))
        .Descendants("PackageVersion")
        .Single(p => p.Attribute("Include")!.Value == "Microsoft.Orleans.Persistence.AdoNet")
        .Attribute("Version")!.Value;

    private static JsonObject Job => Manifests.Of("postgres").One("Job", "kad-schema");

    private static string Program => Repository.Read("infra/kubernetes/overlays/postgres/apply-schema.sh");

    private static IReadOnlyList<string> Urls => [.. Job.Entries("spec.template.spec.initContainers.0.args")
        .Select(a => a.GetValue<string>()).Where(a => a.StartsWith("https://", StringComparison.Ordinal))];

    // A new release may have other scripts: look, and set revision, digests and this annotation.
    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_names_the_release_in_use() =>
        Assert.Equal(Version, Job.Pairs("metadata.annotations")["kad.orleans/orleans-version"]);

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_fetches_the_scripts_at_the_revision_of_a_setting()
    {
        var fetch = Job.At("spec.template.spec.initContainers.0");
        Assert.Equal(4, Urls.Count);
        Assert.All(Urls, url => Assert.StartsWith(
            "https://raw.githubusercontent.com/dotnet/orleans/$(ORLEANS_REVISION)/src/AdoNet/", url, StringComparison.Ordinal));
        Assert.Equal("kad-schema-settings", fetch.Text("envFrom.0.configMapRef.name"));
        Assert.Matches(@"^([0-9a-f]{40}|v\d+\.\d+\.\d+)$", Manifests.Of("postgres").One("ConfigMap", "kad-schema-settings").Pairs("data")["ORLEANS_REVISION"]);
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_stays_the_same_when_its_script_or_a_setting_changes()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = Path.Combine(copy.Path, "kubernetes/overlays/postgres");
        File.AppendAllText(Path.Combine(overlay, "apply-schema.sh"), "# changed\n");
        File.AppendAllText(Path.Combine(overlay, "kad-schema.sql"), "-- changed\n");
        File.AppendAllText(Path.Combine(overlay, "schema.env"), "CHANGED=1\n");

        Assert.Equal(Text(Repository.Path("infra/kubernetes/overlays/postgres")), Text(overlay));

        static string Text(string folder) => Assert.Single(Kubectl.Kustomize(folder).Split("\n---\n"), text => text.Contains("kind: Job\n", StringComparison.Ordinal));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_runs_again_with_a_later_apply() => Assert.Equal("600", Job.Text("spec.ttlSecondsAfterFinished"));

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_job_applies_every_script_with_the_pinned_digest()
    {
        var settings = Manifests.Of("postgres").One("ConfigMap", "kad-schema-settings").Pairs("data");
        Assert.All(Urls.Select(url => url[(url.LastIndexOf('/') + 1)..]), file =>
        {
            var digest = $"{file.Split('-', '.')[1].ToUpperInvariant()}_SHA256";
            Assert.Contains($"\\\\i '$folder/{file}'", Program, StringComparison.Ordinal);
            Assert.Contains($"check {file} \"${{{digest}:-}}\" {digest}\n", Program, StringComparison.Ordinal);
            Assert.Matches("^[0-9a-f]{64}$", settings[digest]);
        });
        Assert.Contains("exit 4\n", Program, StringComparison.Ordinal);
        var rule = Assert.Single(Job.Entries("spec.podFailurePolicy.rules"));
        Assert.Equal(("FailJob", "apply", "4"), (rule.Text("action"), rule.Text("onExitCodes.containerName"), rule.Text("onExitCodes.values.0")));
    }

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
