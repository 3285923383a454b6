using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KadOrleans.Tests.Deployment;

/// <summary>azure.yaml: the fields that azd takes for <c>host: aks</c>, and paths and names that exist.</summary>
public sealed class AzdTests
{
    private static readonly string[] TopFields = ["name", "metadata", "infra", "services"];
    private static readonly string[] ServiceFields = ["host", "language", "project", "resourceName", "uses", "docker", "k8s", "hooks"];
    private static readonly string[] DockerFields = ["path", "context", "platform", "target", "registry", "tag", "buildArgs", "remoteBuild"];
    private static readonly string[] KubernetesFields = ["deploymentPath", "namespace", "deployment", "service", "ingress", "helm", "kustomize"];
    private static readonly string[] KustomizeFields = ["dir", "edits", "env"];
    private static readonly string[] HookFields = ["shell", "run", "continueOnError", "interactive", "windows", "posix", "secrets"];

    private static readonly JsonObject Project = Assert.Single(Yaml.Documents(Repository.Read("azure.yaml")));

    public static readonly IEnumerable<TheoryDataRow<string>> Services =
        Project["services"]!.AsObject().Select(s => new TheoryDataRow<string>(s.Key));

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_field_of_the_file_is_one_that_azd_takes(string name)
    {
        var service = Service(name);
        Assert.Equal("aks", service.Text("host"));
        AssertKnown(TopFields, Project);
        AssertKnown(ServiceFields, service);
        AssertKnown(DockerFields, service["docker"]);
        AssertKnown(KubernetesFields, service["k8s"]);
        AssertKnown(KustomizeFields, service.At("k8s.kustomize"));
        Assert.All(service["hooks"]!.AsObject(), hook => AssertKnown(HookFields, hook.Value));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_named_file_exists(string name)
    {
        var service = Service(name);
        var project = service.Text("project")!;

        Assert.True(File.Exists(Under(project, service.Text("docker.path")!)));
        Assert.Equal(Repository.Root, Under(project, service.Text("docker.context")!).TrimEnd('/'));
        Assert.True(File.Exists(Path.Combine(Under(project, service.Text("k8s.kustomize.dir")!), "kustomization.yaml")));
        Assert.True(File.Exists(Repository.Path($"{Project.Text("infra.path")}/{Project.Text("infra.module")}.bicep")));
        Assert.All(service["hooks"]!.AsObject().SelectMany(hook => Regex.Matches(hook.Value.Text("run")!, @"\S+\.sh")),
            script => Assert.True(File.Exists(Under(project, script.Value)), script.Value));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_name_taken_is_one_that_provisioning_gives(string name)
    {
        string[] given = [.. new BicepFile("main.bicep").Outputs, $"SERVICE_{name.ToUpperInvariant()}_IMAGE_NAME"];
        var used = Regex.Matches(Service(name).ToJsonString(), @"\$\{?([A-Z_]+)\}?").Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(given));
        Assert.Contains("AZURE_CONTAINER_REGISTRY_ENDPOINT", given);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_parameter_of_the_overlay_is_given(string name)
    {
        var parameters = File.ReadAllLines(Repository.Path($"infra/kubernetes/overlays/azure/{name}/parameters.env")).Select(l => l.Split('=')[0]);
        Assert.Equal(parameters.Order(), Service(name).Pairs("k8s.kustomize.env").Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_rollout_is_waited_for(string name)
    {
        var service = Service(name);
        var run = service.Text("hooks.postdeploy.run")!;
        var resource = Regex.Match(run, "rollout status (deployment|statefulset)/(\\S+)");
        var workload = name == "silo" ? Manifests.Of("base").Silo : Manifests.Of("base").Edge;

        Assert.Equal(workload.Text("kind"), resource.Groups[1].Value, ignoreCase: true);
        Assert.Equal(workload.Text("metadata.name"), resource.Groups[2].Value);
        Assert.Contains($"--namespace {workload.Text("metadata.namespace")} ", run, StringComparison.Ordinal);
        Assert.Equal(workload.Text("metadata.namespace"), service.Text("k8s.namespace"));
        Manifests.Of("base").One("Service", service.Text("k8s.service.name")!);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_cluster_is_called_once_azd_has_its_credentials(string name) =>
        Assert.Equal("postdeploy", Assert.Single(Service(name)["hooks"]!.AsObject()).Key);

    [Fact]
    public void Silos_get_their_Secrets_before_they_are_waited_for()
    {
        var run = Service("silo").Text("hooks.postdeploy.run")!;
        Assert.InRange(run.IndexOf("secrets.sh", StringComparison.Ordinal), 0, run.IndexOf("rollout status", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_Secret_that_pods_wait_for_is_made()
    {
        var script = Repository.Read("infra/azure/secrets.sh");
        var manifests = Manifests.Of("base");
        var secrets = new[] { manifests.Silo, manifests.Edge }
            .SelectMany(workload => workload.Entries("spec.template.spec.containers.0.envFrom")).Select(source => source.Text("secretRef.name")).OfType<string>();

        Assert.All(secrets.Distinct(), secret => Assert.Matches($@"make (kad|""\$namespace"") {secret}\n", script));
    }

    [Fact]
    public void A_namespace_that_is_there_keeps_its_labels()
    {
        var commands = Repository.Read("infra/azure/secrets.sh").Split('\n').Where(line => !line.TrimStart().StartsWith('#'));
        Assert.DoesNotContain(commands, line => line.Contains("apply", StringComparison.Ordinal));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void What_azd_applies_is_the_overlay_with_what_it_provisioned()
    {
        foreach (var name in new[] { "silo", "edge" })
        {
            using var copy = new CopiedFolder(Repository.Path("infra"));
            var sample = File.ReadAllText(Repository.Path($"infra/kubernetes/overlays/azure/{name}/parameters.env"));
            var provisioned = sample.Replace("example", "provisioned", StringComparison.Ordinal)
                .Replace("00000000", "11111111", StringComparison.Ordinal).Replace("10.240.", "10.99.", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(copy.Path, "kubernetes/overlays/azd", name, ".env"), provisioned);

            var (byAzd, byHand) = (Rendered(Path.Combine(copy.Path, "kubernetes/overlays/azd", name)), Rendered($"infra/kubernetes/overlays/azure/{name}"));

            var values = provisioned.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)[1]).ToList();
            Assert.All(values, value => Assert.Contains(value, byAzd, StringComparison.Ordinal));
            var back = byAzd.Replace("provisioned", "example", StringComparison.Ordinal)
                .Replace("11111111", "00000000", StringComparison.Ordinal).Replace("10.99.", "10.240.", StringComparison.Ordinal);
            Assert.Equal(WithoutHash(byHand), WithoutHash(back));
        }

        static string Rendered(string folder) => Kubectl.Kustomize(Repository.Path(folder));
        static string WithoutHash(string text) => Regex.Replace(text, "name: (kad-(?:silo|edge))-[0-9a-z]{10}", "name: $1");
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void A_parameter_that_was_not_provisioned_is_not_taken_from_the_sample()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var folder = Path.Combine(copy.Path, "kubernetes/overlays/azd/silo");
        var sample = File.ReadAllLines(Repository.Path("infra/kubernetes/overlays/azure/silo/parameters.env"));
        File.WriteAllLines(Path.Combine(folder, ".env"), sample.Where(line => !line.StartsWith("CLIENT_ID", StringComparison.Ordinal)));

        var mistake = Assert.Throws<InvalidOperationException>(() => Kubectl.Kustomize(folder));

        Assert.Contains("CLIENT_ID", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_range_that_silos_admit_is_that_of_the_nodes()
    {
        var sample = Repository.Read("infra/kubernetes/overlays/azure/silo/parameters.env");
        var range = Regex.Match(new BicepFile("network.bicep").Text, "var nodeRange = '([^']+)'").Groups[1].Value;
        Assert.Contains($"NODE_RANGE={range}\n", sample, StringComparison.Ordinal);
    }

    private static JsonNode Service(string name) => Project["services"]![name]!;

    private static string Under(string project, string path) => Repository.Path(Path.Combine(project, path));

    private static void AssertKnown(string[] known, JsonNode? fields) =>
        Assert.Empty(fields?.AsObject().Select(f => f.Key).Except(known) ?? []);
}
