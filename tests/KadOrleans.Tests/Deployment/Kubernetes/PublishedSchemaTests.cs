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
}
