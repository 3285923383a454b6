using System.Reflection;

namespace KadOrleans.Aspire.Tests;

/// <summary>The app host of samples/AppHost.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData(new string[0], new[] { "kad", "kad-silo-1", "edge-1", "edge-2", "guestbook" })]
    [InlineData(
        new[] { "--ConnectionStrings:orleans=Host=db" }, new[] { "kad", "kad-silo-1", "kad-silo-2", "edge-1", "edge-2", "orleans", "guestbook" })]
    public async Task It_has_a_cluster_and_its_guestbook(string[] args, string[] resources)
    {
        var program = Assembly.Load("AppHost").EntryPoint!.DeclaringType!;
        await using var sample = await DistributedApplicationTestingBuilder.CreateAsync(program, args, TestContext.Current.CancellationToken);

        Assert.Subset(sample.Resources.Select(resource => resource.Name).ToHashSet(), resources.ToHashSet());
        Assert.Equal(resources.Count(name => name.StartsWith("kad-silo", StringComparison.Ordinal)), Cluster(sample).Silos.Count);
    }

    private static KadClusterResource Cluster(IDistributedApplicationTestingBuilder sample) =>
        sample.Resources.OfType<KadClusterResource>().Single();
}
