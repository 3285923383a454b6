namespace KadOrleans.Tests.Deployment;

/// <summary>Every field that the overlays name is one that Kubernetes' API publishes, with a value of its type.</summary>
[Needs(Need.Kubectl | Need.Kubeconform)]
public sealed class PublishedSchemaTests
{
    private const string Overlays = "infra/kubernetes/overlays";

    [Fact]
    public void Each_overlay_keeps_the_schemas_of_the_Kubernetes_API()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        foreach (var part in (string[])["silo", "edge"])
        {
            File.Copy(Repository.Path($"{Overlays}/azure/{part}/parameters.env"), copy[$"kubernetes/overlays/azd/{part}/.env"]);
        }

        foreach (var overlay in (string[])["postgres", "azure", "azd/silo", "azd/edge"])
        {
            var manifests = Kubectl.Kustomize(copy[$"kubernetes/overlays/{overlay}"]);
            Assert.All(Kubeconform.Releases, release => Kubeconform.Check(manifests, release));
        }
    }

    [Fact]
    public void A_field_that_is_misspelled_is_found()
    {
        var manifests = Kubectl.Kustomize(Repository.Path($"{Overlays}/postgres"))
            .Replace("terminationGracePeriodSeconds:", "terminationGraceSeconds:", StringComparison.Ordinal);

        var problem = Assert.Throws<InvalidOperationException>(() => Kubeconform.Check(manifests, Kubeconform.Releases[^1]));
        Assert.Contains("terminationGraceSeconds", problem.Message, StringComparison.Ordinal);
    }
}
