using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>The component that encrypts connections, in each overlay that may take it.</summary>
public sealed class TlsComponentTests
{
    private const string Component = "infra/kubernetes/components/tls";

    private static readonly KadTlsOptions Expected = new()
    {
        Certificate = "/tls/tls.crt", Key = "/tls/tls.key", Authority = "/tls/ca.crt", Name = "kad",
    };

    [Fact]
    [Needs(Need.Kubectl)]
    public void Silos_and_edges_present_what_their_own_Secret_has() => Assert.All(Encrypted(), manifests =>
    {
        foreach (var workload in new[] { manifests.Silo, manifests.Edge })
        {
            var pod = workload.At("spec.template.spec");
            var mount = Assert.Single(Assert.Single(pod.Entries("containers")).Entries("volumeMounts"), mount => mount.Text("mountPath") == "/tls");
            Assert.Equal("true", mount.Text("readOnly"));

            // Kubernetes renews no file that is mounted alone.
            Assert.Null(mount.Text("subPath"));
            var volume = Assert.Single(pod.Entries("volumes"), volume => volume.Text("name") == mount.Text("name"));
            Assert.Equal(("kad-tls", null), (volume.Text("secret.secretName"), volume.Text("secret.optional")));
        }

        Assert.Equal(Expected, KadSettings.ReadSilo(Environment(manifests, manifests.Silo)).Tls);
        Assert.Equal(Expected, KadSettings.ReadEdge(Environment(manifests, manifests.Edge)).Tls);
    });

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_component_changes_nothing_else()
    {
        foreach (var (overlay, encrypted) in ((string[])["postgres", "azure"]).Zip(Encrypted()))
        {
            var plain = Manifests.Of(overlay);
            Assert.Null(KadSettings.ReadSilo(Environment(plain, plain.Silo)).Tls);
            string[] others = [.. Others(plain)];
            Assert.Equal(others, Others(encrypted));
            foreach (var probe in Probes.Expected)
            {
                var path = $"spec.template.spec.containers.0.{probe.Probe}";
                Assert.Equal(plain.Silo.At(path)!.ToJsonString(), encrypted.Silo.At(path)!.ToJsonString());
                Assert.Equal(plain.Edge.At(path)!.ToJsonString(), encrypted.Edge.At(path)!.ToJsonString());
            }
        }

        static IEnumerable<string> Others(Manifests manifests) =>
            manifests.All.Where(r => r != manifests.Silo && r != manifests.Edge).Select(r => r.ToJsonString());
    }

    [Fact]
    public void Cert_manager_makes_what_pods_mount_and_only_silos_carry_the_clusters_name()
    {
        var made = Yaml.Documents(Repository.Read($"{Component}/cert-manager.yaml")).Where(r => r.Text("metadata.name") == "kad-tls").ToList();
        var manifests = Manifests.Of("base");
        var (silo, edge) = (In(manifests.Silo), In(manifests.Edge));
        var cluster = Environment(manifests, manifests.Silo)["Orleans:ClusterId"];

        Assert.Equal(2, made.Count);
        Assert.All(made, certificate => Assert.Equal("kad-tls", certificate.Text("spec.secretName")));
        Assert.Equal([cluster], silo.Entries("spec.dnsNames").Select(name => name.GetValue<string>()));
        Assert.DoesNotContain(cluster, edge.Entries("spec.dnsNames").Select(name => name.GetValue<string>()));
        Assert.Equal(["digital signature", "server auth", "client auth"], silo.Entries("spec.usages").Select(use => use.GetValue<string>()));
        Assert.Equal(["digital signature", "client auth"], edge.Entries("spec.usages").Select(use => use.GetValue<string>()));

        JsonObject In(JsonObject workload) =>
            Assert.Single(made, certificate => certificate.Text("metadata.namespace") == workload.Text("metadata.namespace"));
    }

    private static IReadOnlyList<Manifests> Encrypted()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlays = Path.Combine(copy.Path, "kubernetes/overlays");
        foreach (var overlay in (string[])["postgres", "azure/silo", "azure/edge"])
        {
            // As an operator does: the lines are there, as comments.
            var file = Path.Combine(overlays, overlay, "kustomization.yaml");
            var lines = File.ReadAllLines(file);
            var at = Array.IndexOf(lines, "# components:");
            (lines[at], lines[at + 1]) = (lines[at][2..], lines[at + 1][2..]);
            File.WriteAllLines(file, lines);
        }

        return [Manifests.Render(Path.Combine(overlays, "postgres")), Manifests.Render(Path.Combine(overlays, "azure"))];
    }

    private static IConfiguration Environment(Manifests manifests, JsonObject workload) =>
        ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(manifests, workload));
}
