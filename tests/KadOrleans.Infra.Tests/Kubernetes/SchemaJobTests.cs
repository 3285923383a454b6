using System.Xml.Linq;
using KadOrleans.Infra.Tests.Rendering;

namespace KadOrleans.Infra.Tests.Kubernetes;

/// <summary>The scripts that are applied are those of the Orleans release that silos are built with.</summary>
public sealed class SchemaJobTests
{
    private static readonly string Version = XDocument.Parse(Repository.Read("Directory.Packages.props"))
        .Descendants("PackageVersion")
        .Single(p => p.Attribute("Include")!.Value == "Microsoft.Orleans.Persistence.AdoNet")
        .Attribute("Version")!.Value;

    [KubectlFact]
    public void Fetches_the_scripts_of_the_release_in_use()
    {
        var job = Manifests.Of("postgres").One("Job", $"kad-schema-{Version}");
        var urls = job.Entries("spec.template.spec.initContainers.0.args").Select(a => a.GetValue<string>())
            .Where(a => a.StartsWith("https://", StringComparison.Ordinal)).ToList();

        Assert.Equal(4, urls.Count);
        Assert.All(urls, url => Assert.StartsWith(
            $"https://raw.githubusercontent.com/dotnet/orleans/v{Version}/src/AdoNet/", url, StringComparison.Ordinal));
    }

    [KubectlFact]
    public void Stays_the_same_when_its_script_changes()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = Path.Combine(copy.Path, "kubernetes/overlays/postgres");
        File.AppendAllText(Path.Combine(overlay, "apply-schema.sh"), "# changed\n");

        Assert.Equal(Job(Repository.Path("infra/kubernetes/overlays/postgres")), Job(overlay));

        static string Job(string folder) => Assert.Single(Kubectl.Kustomize(folder).Split("\n---\n"), text => text.Contains("kind: Job\n", StringComparison.Ordinal));
    }

    [KubectlFact]
    public void Applies_every_script_that_it_fetches()
    {
        var job = Manifests.Of("postgres").One("Job", $"kad-schema-{Version}");
        var program = Repository.Read("infra/kubernetes/overlays/postgres/apply-schema.sh");
        var files = job.Entries("spec.template.spec.initContainers.0.args").Select(a => a.GetValue<string>())
            .Where(a => a.EndsWith(".sql", StringComparison.Ordinal)).Select(url => url[(url.LastIndexOf('/') + 1)..]);

        Assert.All(files, file => Assert.Contains($"\\\\i '$folder/{file}'", program, StringComparison.Ordinal));
    }
}
