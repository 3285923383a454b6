using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Reminders of shards that could not be set at first.</summary>
public sealed class FailedReminderTests
{
    [Fact]
    public async Task A_reminder_that_could_not_be_set_is_set_without_another_write()
    {
        const long number = 9;
        var (failed, isAway) = (0, true);
        await using var cluster = new ClusterFixture { AddServices = services => TestReminders.Replace(services, TryAsync) };
        await cluster.InitializeAsync();
        var shard = cluster.Shard(number);
        await shard.PutAsync([new ShardPut(Samples.KeysOf(number, ClusterFixture.ShardBits).First(), cluster.Text("value"))]);
        await cluster.UntilAsync(() => Volatile.Read(ref failed) > 0);
        Volatile.Write(ref isAway, false);

        await cluster.AdvanceUntilAsync(TimeSpan.FromMinutes(1), async () =>
            await cluster.Service<IReminderTable>().ReadRow(shard.GetGrainId(), KeyShardGrain.Expiry) is not null);

        Task<string?> TryAsync(ReminderEntry row, Func<ReminderEntry, Task<string?>> upsert)
        {
            if (row.ReminderName != KeyShardGrain.Expiry || !Volatile.Read(ref isAway))
            {
                return upsert(row);
            }

            Interlocked.Increment(ref failed);
            return Task.FromException<string?>(new IOException("The table of reminders is away."));
        }
    }

    [Fact]
    public async Task Shards_that_could_not_be_listed_or_called_after_a_start_are_called_later()
    {
        const long number = 10;
        await using var cluster = new ClusterFixture();
        await cluster.InitializeAsync();
        var shard = cluster.Shard(number);
        await shard.PutAsync([new ShardPut(Samples.KeysOf(number, ClusterFixture.ShardBits).First(), cluster.Text("value"))]);
        await cluster.Cluster.DeactivateAsync(shard);
        var (lists, reads) = (0, 0);
        cluster.Rows.BeforeRead = (_, grain) =>
        {
            if (grain != shard.GetGrainId())
            {
                return Task.CompletedTask;
            }

            // Else its reminder might wake it before.
            var isAway = Volatile.Read(ref lists) < 3;
            reads += isAway ? 0 : 1;
            return isAway ? Task.FromException(new IOException("The storage is away.")) : Task.CompletedTask;
        };
        using var activator = new ShardActivator(
            ListAsync,
            cluster.Client,
            cluster.Service<ClusterShards>(),
            cluster.Service<ValueCache>(),
            cluster.Service<ClusterAgreement>(),
            NullLogger<ShardActivator>.Instance,
            cluster.Clock);
        await activator.StartAsync(TestContext.Current.CancellationToken);

        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => Task.FromResult(activator.ExecuteTask!.IsCompleted));
        await activator.ExecuteTask!;
        Assert.Equal(3, lists);
        Assert.InRange(reads, 1, int.MaxValue);

        Task<IReadOnlyList<GrainId>> ListAsync(GrainType type) => Interlocked.Increment(ref lists) == 1
            ? Task.FromException<IReadOnlyList<GrainId>>(new IOException("The storage is away."))
            : Task.FromResult<IReadOnlyList<GrainId>>([shard.GetGrainId()]);
    }
}
