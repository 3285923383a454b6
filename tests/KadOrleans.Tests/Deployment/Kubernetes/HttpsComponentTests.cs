using KadOrleans.Server;

namespace KadOrleans.Tests.Deployment;

/// <summary>The component that serves silos' HTTP by HTTPS, in each overlay that may take it.</summary>
public sealed class HttpsComponentTests
{
    [Fact]
    [Needs(Need.Kubectl)]
    public void Silos_serve_HTTPS_by_a_Secret_of_its_own_and_are_asked_for_their_health_by_it() => Assert.All(Encrypted(), manifests =>
    {
        var silo = manifests.Silo;
        var http = KadSettings.ReadSilo(ContainerEnvironment.Read(manifests, silo), new KadProviders().Known).Http;
        var mount = Assert.Single(silo.Container().Entries("volumeMounts"), mount => mount.Text("mountPath") == "/http-certificate");

        Assert.Equal(
            (new IPEndPoint(IPAddress.Any, 8080), new HttpCertificateOptions("/http-certificate/tls.crt", "/http-certificate/tls.key", null)),
            (http.EndPoint, http.Certificate));
        Assert.Equal(("true", null), (mount.Text("readOnly"), mount.Text("subPath")));
        var volume = Assert.Single(silo.Pod().Entries("volumes"), volume => volume.Text("name") == mount.Text("name"));
        Assert.Equal(("kad-http-certificate", null), (volume.Text("secret.secretName"), volume.Text("secret.optional")));
        Assert.All(Probes.Expected, probe => Assert.Equal("HTTPS", silo.Container().Text($"{probe.Probe}.httpGet.scheme")));
        Assert.Equal("https", manifests.One("Service", "kad-dashboard").Entries("spec.ports").Single().Text("appProtocol"));

        // An edge's health is on loopback.
        Assert.Null(KadSettings.ReadEdge(ContainerEnvironment.Read(manifests, manifests.Edge), new KadProviders().Known).Http.Certificate);
    });

    [Fact]
    public void Cert_manager_makes_the_Secret_for_the_names_of_the_service_and_of_a_forwarded_port()
    {
        var made = Assert.Single(
            Yaml.Documents(
                Repository.Read("infra/kubernetes/components/tls/cert-manager.yaml")), one => one.Text("metadata.name") == "kad-http-certificate");

        Assert.Equal(("kad", "kad-http-certificate"), (made.Text("metadata.namespace"), made.Text("spec.secretName")));
        Assert.Equal(
            ["kad-dashboard", "kad-dashboard.kad", "kad-dashboard.kad.svc", "kad-dashboard.kad.svc.cluster.local", "localhost"], made.Texts("spec.dnsNames"));
        Assert.Equal(["127.0.0.1"], made.Texts("spec.ipAddresses"));
    }

    private static IReadOnlyList<Manifests> Encrypted()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        foreach (var overlay in (string[])["postgres", "azure/silo"])
        {
            // As an operator does: the lines are there, as comments.
            var file = copy[$"kubernetes/overlays/{overlay}/kustomization.yaml"];
            File.WriteAllLines(file, File.ReadAllLines(file).Select(
                line => line == "# components:" || line.EndsWith("components/https", StringComparison.Ordinal) ? line[2..] : line));
        }

        return [.. new[] { "postgres", "azure" }.Select(overlay => Manifests.Render(copy[$"kubernetes/overlays/{overlay}"]))];
    }
}
