namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class StorageCheckTests(ClusterFixture cluster)
{
    private readonly TestRows _rows = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Writes_are_taken_also_if_another_silo_wrote_at_the_same_time()
    {
        Assert.Equal((WriteHealth.Taken, null), await Check().WriteAsync());
        Assert.Equal((WriteHealth.Taken, null), await Check().WriteAsync());
        var other = false;
        _rows.BeforeWrite = async (_, _) =>
        {
            if (!other)
            {
                other = true;
                await Check().WriteAsync();
            }
        };
        Assert.Equal((WriteHealth.Taken, null), await Check().WriteAsync());
    }

    [Fact]
    public async Task Writes_that_fail_while_reads_are_served_are_refused()
    {
        _rows.BeforeWrite = static (_, _) => throw new IOException("read only");
        Assert.Equal((WriteHealth.Refused, "read only"), await Check().WriteAsync());
    }

    [Fact]
    public async Task Storage_that_goes_away_before_a_write_does_not_refuse_it()
    {
        _rows.BeforeWrite = (_, _) =>
        {
            _rows.BeforeRead = static (_, _) => throw new IOException("away");
            throw new IOException("away");
        };
        Assert.Equal((WriteHealth.Unknown, "away"), await Check().WriteAsync());
    }

    [Fact]
    public async Task A_write_that_a_restart_of_storage_loses_is_not_refused()
    {
        _rows.BeforeWrite = (_, _) =>
        {
            _rows.Heal();
            throw new IOException("restarts");
        };
        Assert.Equal((WriteHealth.Taken, null), await Check().WriteAsync());
    }

    [Fact]
    public async Task Hung_writes_are_refused_within_the_time_that_is_promised()
    {
        var reached = new SemaphoreSlim(0);
        _rows.BeforeWrite = (_, _) =>
        {
            reached.Release();
            return new TaskCompletionSource().Task;
        };
        var checking = Check().WriteAsync();
        for (var tried = 0; tried < StorageCheck.Tries; tried++)
        {
            await reached.WaitAsync(TestContext.Current.CancellationToken);
            _time.Advance(StorageCheck.WriteTimeout);
        }

        Assert.Equal(WriteHealth.Refused, (await checking).Health);

        // With the longest reads, and for storage that begins to refuse right after a write.
        Assert.InRange(
            StorageWatch.WritePause + (StorageCheck.Tries * (StorageCheck.ReadTimeout + StorageCheck.WriteTimeout)),
            TimeSpan.Zero,
            TimeSpan.FromSeconds(14));
    }

    [Fact]
    public void Writes_that_STOREs_wait_for_are_not_refused() => Assert.True(StorageCheck.WriteTimeout >= new GrainKeyStoreOptions().Timeout);

    private StorageCheck Check() => new(
        new TestGrainStorage(_rows), cluster.Service<IGrainFactory>(), _time);
}
