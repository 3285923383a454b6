namespace KadOrleans.Tests.Deployment;

/// <summary>azure.yaml: the fields that azd takes for <c>host: aks</c>, and paths and names that exist.</summary>
public sealed class AzdTests
{
    private const string Overlays = "infra/kubernetes/overlays";

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
    public void Every_field_is_one_that_azd_takes_and_every_named_file_exists(string name)
    {
        var service = Service(name);
        var project = service.Text("project")!;
        Assert.Equal("aks", service.Text("host"));
        AssertKnown(TopFields, Project);
        AssertKnown(ServiceFields, service);
        AssertKnown(DockerFields, service["docker"]);
        AssertKnown(KubernetesFields, service["k8s"]);
        AssertKnown(KustomizeFields, service.At("k8s.kustomize"));
        Assert.All(service["hooks"]!.AsObject(), hook => AssertKnown(HookFields, hook.Value));

        Assert.True(File.Exists(Under(project, service.Text("docker.path")!)));
        Assert.Equal(Repository.Root, Under(project, service.Text("docker.context")!).TrimEnd('/'));
        Assert.True(File.Exists(Path.Combine(Under(project, service.Text("k8s.kustomize.dir")!), "kustomization.yaml")));
        Assert.True(File.Exists(Repository.Path($"{Project.Text("infra.path")}/{Project.Text("infra.module")}.bicep")));
        Assert.All(service["hooks"]!.AsObject().SelectMany(hook => Regex.Matches(hook.Value.Text("run")!, @"\S+\.sh")),
            script => Assert.True(File.Exists(Under(project, script.Value)), script.Value));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_name_taken_is_one_that_provisioning_gives_and_every_parameter_of_the_overlay_is_given(string name)
    {
        string[] given = [.. new BicepFile("main.bicep").Outputs, $"SERVICE_{name.ToUpperInvariant()}_IMAGE_NAME"];
        var used = Regex.Matches(Service(name).ToJsonString(), @"\$\{?([A-Z_]+)\}?").Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(given));
        Assert.Contains("AZURE_CONTAINER_REGISTRY_ENDPOINT", given);
        var parameters = Parameters(name).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]);
        Assert.Equal(parameters.Order(), Service(name).Pairs("k8s.kustomize.env").Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_rollout_is_waited_for_once_azd_has_the_clusters_credentials(string name)
    {
        var service = Service(name);
        Assert.Equal("postdeploy", Assert.Single(service["hooks"]!.AsObject()).Key);
        var run = service.Text("hooks.postdeploy.run")!;
        var resource = Regex.Match(run, "rollout status (deployment|statefulset)/(\\S+)");
        var workload = name == "silo" ? Manifests.Of("base").Silo : Manifests.Of("base").Edge;

        Assert.Equal(workload.Text("kind"), resource.Groups[1].Value, ignoreCase: true);
        Assert.Equal(workload.Text("metadata.name"), resource.Groups[2].Value);
        Assert.Contains($"--namespace {workload.Text("metadata.namespace")} ", run, StringComparison.Ordinal);
        Assert.Equal(workload.Text("metadata.namespace"), service.Text("k8s.namespace"));
        Manifests.Of("base").One("Service", service.Text("k8s.service.name")!);
    }

    [Fact]
    public void Each_Secret_that_pods_wait_for_is_made_before_silos_are_waited_for()
    {
        var (run, script) = (Service("silo").Text("hooks.postdeploy.run")!, Repository.Read("infra/azure/secrets.sh"));
        var secrets = Manifests.Of("base").SiloAndEdge
            .SelectMany(workload => workload.Container().Entries("envFrom").Select(source => source.Text("secretRef.name"))
                .Concat(workload.Pod().Entries("volumes").Select(volume => volume.Text("secret.secretName"))))
            .OfType<string>();

        Assert.InRange(run.IndexOf("secrets.sh", StringComparison.Ordinal), 0, run.IndexOf("rollout status", StringComparison.Ordinal));
        Assert.All(secrets.Distinct(), secret => Assert.Matches($@"make (kad|""\$namespace"") {secret}\n", script));

        // A namespace that is there keeps its labels.
        Assert.DoesNotMatch("(?m)^(?! *#).*apply", script);
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void What_azd_applies_is_the_overlay_with_what_it_provisioned()
    {
        (string Sample, string Provisioned)[] values = [("example", "provisioned"), ("00000000", "11111111"), ("10.240.", "10.99.")];
        foreach (var name in new[] { "silo", "edge" })
        {
            using var copy = new CopiedFolder(Repository.Path("infra"));
            var provisioned = values.Aggregate(Parameters(name), (text, v) => text.Replace(v.Sample, v.Provisioned, StringComparison.Ordinal));
            File.WriteAllText(copy[$"kubernetes/overlays/azd/{name}/.env"], provisioned);

            var byAzd = Kubectl.Kustomize(copy[$"kubernetes/overlays/azd/{name}"]);

            Assert.All(
                provisioned.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)[1]),
                value => Assert.Contains(value, byAzd, StringComparison.Ordinal));
            var back = values.Aggregate(byAzd, (text, v) => text.Replace(v.Provisioned, v.Sample, StringComparison.Ordinal));
            Assert.Equal(WithoutHash(Kubectl.Kustomize(Repository.Path($"{Overlays}/azure/{name}"))), WithoutHash(back));

            // What was not provisioned is not taken from the sample.
            File.WriteAllText(copy[$"kubernetes/overlays/azd/{name}/.env"], Regex.Replace(provisioned, "(?m)^CLIENT_ID.*\n", string.Empty));
            var mistake = Assert.Throws<InvalidOperationException>(() => Kubectl.Kustomize(copy[$"kubernetes/overlays/azd/{name}"]));
            Assert.Contains("CLIENT_ID", mistake.Message, StringComparison.Ordinal);
        }

        static string WithoutHash(string text) => Regex.Replace(text, "name: (kad-(?:silo|edge))-[0-9a-z]{10}", "name: $1");
    }

    [Fact]
    public void The_range_that_silos_admit_is_that_of_the_nodes()
    {
        var range = Regex.Match(new BicepFile("network.bicep").Text, "var nodeRange = '([^']+)'").Groups[1].Value;
        Assert.Contains($"NODE_RANGE={range}\n", Parameters("silo"), StringComparison.Ordinal);
    }

    private static JsonNode Service(string name) => Project["services"]![name]!;

    private static string Parameters(string name) => Repository.Read($"{Overlays}/azure/{name}/parameters.env");

    private static string Under(string project, string path) => Repository.Path(Path.Combine(project, path));

    private static void AssertKnown(string[] known, JsonNode? fields) =>
        Assert.Empty(fields?.AsObject().Select(f => f.Key).Except(known) ?? []);
}
