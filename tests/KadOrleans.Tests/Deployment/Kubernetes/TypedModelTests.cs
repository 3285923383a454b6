using k8s;
using k8s.Models;

namespace KadOrleans.Tests.Deployment;

/// <summary>Every field that the overlays name is one of Kubernetes' own client's models, with a value of its type. It needs no network.</summary>
[Needs(Need.Kubectl)]
public sealed class TypedModelTests
{
    private const string Overlays = "infra/kubernetes/overlays";

    [Theory]
    [InlineData("postgres")]
    [InlineData("azure")]
    public void Each_document_is_one_of_its_kind(string overlay)
    {
        var text = Kubectl.Kustomize(Repository.Path($"{Overlays}/{overlay}"));
        var models = KubernetesYaml.LoadAllFromString(text, typeMap: null, strict: true);

        Assert.Equal(Yaml.Documents(text).Select(document => document.Text("kind")), models.Select(model => ((IKubernetesObject)model).Kind));
    }

    [Fact]
    public void With_each_component_too()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var file = copy["kubernetes/overlays/postgres/kustomization.yaml"];
        File.WriteAllLines(file, File.ReadAllLines(file).Select(
            line => line == "# components:" || line.Contains("components/", StringComparison.Ordinal) ? line[2..] : line));

        Assert.NotEmpty(KubernetesYaml.LoadAllFromString(Kubectl.Kustomize(copy["kubernetes/overlays/postgres"]), typeMap: null, strict: true));
    }

    /// <summary>What the workflow applies on a cluster of kind: the overlay, filled in for that cluster's nodes.</summary>
    [Fact]
    public void Filled_in_by_the_script_that_tries_the_overlay_too()
    {
        var text = Kubectl.Render("infra/kubernetes/try-in-kind.sh");
        var models = KubernetesYaml.LoadAllFromString(text, typeMap: null, strict: true);

        Assert.Equal(
            ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "10.244.0.0/16"],
            models.OfType<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == "kad-silo-edges").Spec.Ingress[0].FromProperty.Select(from => from.IpBlock.Cidr));
        Assert.Equal("kad-server:try", models.OfType<V1Deployment>().Single(silo => silo.Metadata.Name == "kad-silo").Spec.Template.Spec.Containers[0].Image);
        Assert.Contains(
            models.OfType<V1ConfigMap>(),
            map => map.Data?.Any(setting => setting is { Key: "Kad__Edge__Bootstrap", Value: "192.0.2.1:8468,192.0.2.2:8468,192.0.2.3:8468" }) is true);
    }

    [Theory]
    [InlineData("terminationGracePeriodSeconds:", "terminationGraceSeconds:")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: surely")]
    public void A_field_or_a_value_that_is_wrong_is_found(string right, string wrong)
    {
        var text = Kubectl.Kustomize(Repository.Path($"{Overlays}/postgres"));
        Assert.Contains(right, text, StringComparison.Ordinal);

        Assert.ThrowsAny<Exception>(
            () => KubernetesYaml.LoadAllFromString(text.Replace(right, wrong, StringComparison.Ordinal), typeMap: null, strict: true));
    }
}
