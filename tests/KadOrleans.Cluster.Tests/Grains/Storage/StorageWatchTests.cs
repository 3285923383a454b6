using Microsoft.Extensions.Hosting.Internal;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class StorageWatchTests(ClusterFixture cluster)
{
    [Fact]
    public async Task A_fault_that_ends_the_watch_of_writes_is_not_silent()
    {
        var time = new ManualTimeProvider();
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var storage = new TestGrainStorage(new TestRows());
        var faulty = new StorageCheck(storage, grains: null!, time);
        using var watch = new StorageWatch(storage, cluster.Service<IGrainFactory>(), faulty, lifetime, time, NullLogger<StorageWatch>.Instance);

        lifetime.NotifyStarted();
        await watch.StartAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<NullReferenceException>(() => watch.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1)));
    }
}
