using KadOrleans.Server;

namespace KadOrleans.Tests.Deployment;

/// <summary>The component that encrypts connections, in each overlay that may take it.</summary>
public sealed class TlsComponentTests
{
    [Fact]
    [Needs(Need.Kubectl)]
    public void Silos_and_edges_present_what_their_own_Secret_has_and_nothing_else_changes() => Assert.All(Encrypted(), pair =>
    {
        var (plain, encrypted) = pair;
        foreach (var workload in encrypted.SiloAndEdge)
        {
            var mount = Assert.Single(workload.Container().Entries("volumeMounts"), mount => mount.Text("mountPath") == "/tls");
            Assert.Equal("true", mount.Text("readOnly"));

            // Kubernetes renews no file that is mounted alone.
            Assert.Null(mount.Text("subPath"));
            var volume = Assert.Single(workload.Pod().Entries("volumes"), volume => volume.Text("name") == mount.Text("name"));
            Assert.Equal(("kad-tls", null), (volume.Text("secret.secretName"), volume.Text("secret.optional")));
        }

        var expected = new KadTlsOptions { Certificate = "/tls/tls.crt", Key = "/tls/tls.key", Authority = "/tls/ca.crt", Name = "kad" };
        Assert.Equal(expected, KadSettings.ReadSilo(ContainerEnvironment.Read(encrypted, encrypted.Silo), new KadProviders().Known).Tls);
        Assert.Equal(expected, KadSettings.ReadEdge(ContainerEnvironment.Read(encrypted, encrypted.Edge), new KadProviders().Known).Tls);
        Assert.Null(KadSettings.ReadSilo(ContainerEnvironment.Read(plain, plain.Silo), new KadProviders().Known).Tls);
        Assert.Equal(Unchanged(plain), Unchanged(encrypted));
    });

    [Fact]
    public void Cert_manager_makes_what_pods_mount_and_only_silos_carry_the_clusters_name()
    {
        var made = Yaml.Documents(Repository.Read("infra/kubernetes/components/tls/cert-manager.yaml"))
            .Where(r => r.Text("metadata.name") == "kad-tls").ToList();
        var manifests = Manifests.Of("base");
        var (silo, edge) = (In(manifests.Silo), In(manifests.Edge));
        var cluster = ContainerEnvironment.Read(manifests, manifests.Silo)["Orleans:ClusterId"];

        Assert.Equal(2, made.Count);
        Assert.All(made, certificate => Assert.Equal("kad-tls", certificate.Text("spec.secretName")));
        Assert.Equal([cluster], silo.Texts("spec.dnsNames"));
        Assert.DoesNotContain(cluster, edge.Texts("spec.dnsNames"));
        Assert.Equal(["digital signature", "server auth", "client auth"], silo.Texts("spec.usages"));
        Assert.Equal(["digital signature", "client auth"], edge.Texts("spec.usages"));

        JsonObject In(JsonObject workload) =>
            Assert.Single(made, certificate => certificate.Text("metadata.namespace") == workload.Text("metadata.namespace"));
    }

    // All but the two workloads, and of these the probes.
    private static IEnumerable<string> Unchanged(Manifests manifests) =>
    [
        .. manifests.All.Except(manifests.SiloAndEdge).Select(r => r.ToJsonString()),
        .. manifests.SiloAndEdge.SelectMany(w => Probes.Expected.Select(probe => w.Container().At(probe.Probe)!.ToJsonString())),
    ];

    private static IReadOnlyList<(Manifests Plain, Manifests Encrypted)> Encrypted()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        foreach (var overlay in (string[])["postgres", "azure/silo", "azure/edge"])
        {
            // As an operator does: the lines are there, as comments.
            var file = copy[$"kubernetes/overlays/{overlay}/kustomization.yaml"];
            var lines = File.ReadAllLines(file);
            var at = Array.IndexOf(lines, "# components:");
            (lines[at], lines[at + 1]) = (lines[at][2..], lines[at + 1][2..]);
            File.WriteAllLines(file, lines);
        }

        return [.. new[] { "postgres", "azure" }.Select(overlay => (Manifests.Of(overlay), Manifests.Render(copy[$"kubernetes/overlays/{overlay}"])))];
    }
}
