namespace KadOrleans.Tests.Deployment;

/// <summary>Every field that the overlays name is one that Kubernetes' API publishes, with a value of its type.</summary>
public sealed class PublishedSchemaTests
{
    private const string Overlays = "infra/kubernetes/overlays";

    [Fact]
    [Needs(Need.Kubectl | Need.Kubeconform)]
    public async Task Each_overlay_keeps_the_schemas_of_the_Kubernetes_API()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        foreach (var part in (string[])["silo", "edge"])
        {
            File.Copy(Repository.Path($"{Overlays}/azure/{part}/parameters.env"), Path.Combine(copy.Path, "kubernetes/overlays/azd", part, ".env"));
        }

        foreach (var overlay in (string[])["postgres", "azure", "azd/silo", "azd/edge"])
        {
            var manifests = Kubectl.Kustomize(Path.Combine(copy.Path, "kubernetes/overlays", overlay));
            foreach (var release in Kubeconform.Releases)
            {
                Assert.Equal(string.Empty, await Kubeconform.ProblemsAsync(manifests, release));
            }
        }
    }

    [Fact]
    [Needs(Need.Kubectl | Need.Kubeconform)]
    public async Task A_field_that_is_misspelled_is_found()
    {
        var manifests = Kubectl.Kustomize(Repository.Path($"{Overlays}/postgres")).Replace("terminationGracePeriodSeconds:", "terminationGraceSeconds:", StringComparison.Ordinal);

        Assert.Contains("terminationGraceSeconds", await Kubeconform.ProblemsAsync(manifests, Kubeconform.Releases[^1]), StringComparison.Ordinal);
    }
}
