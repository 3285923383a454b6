using System.Threading.Channels;

namespace KadOrleans.Tests.Shards;

/// <summary>The records that puts cost are what <c>kad-lab cost</c> computes.</summary>
public sealed class RecordCostTests
{
    private const int ValueBytes = 64;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0.16)]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Puts_at_random_times_cost_the_records_of_the_formula(double putsDuringWrite)
    {
        const int Puts = 2000;
        var records = 0;
        await EngineHost.RunAsync(async () => records = await PutAtRandomAsync(Puts, putsDuringWrite));

        var expected = Puts * ShardCosts.RecordsPerPut(putsDuringWrite, TimeSpan.FromSeconds(1), ValueBytes);
        Assert.InRange(records, 0.93 * expected, 1.07 * expected);
    }

    /// <summary>Puts come at random, by a rate for each time of a write. The test ends each write, once the puts have come that it meets.</summary>
    /// <returns>The records written.</returns>
    private static async Task<int> PutAtRandomAsync(int count, double rate)
    {
        var storage = new FakeRecords();
        var host = await EngineHost.ActivateAsync(storage);
        var random = new SeededRandomSource(7);
        var (written, begun) = (0, Channel.CreateUnbounded<TaskCompletionSource>());
        storage.BeforeWrite = state =>
        {
            if (!state.StartsWith("kad-shard-log", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            written++;
            var end = new TaskCompletionSource();
            begun.Writer.TryWrite(end);
            return end.Task;
        };

        var puts = new List<Task>();
        while (puts.Count < count)
        {
            // No write is under way: the put begins one.
            for (var waiting = Put(1); waiting > 0;)
            {
                var end = await begun.Reader.ReadAsync(Token);
                waiting = Put(Math.Min(NextArrivals(), count - puts.Count));
                end.SetResult();
            }
        }

        await Task.WhenAll(puts);
        await host.Completion;
        return written;

        int Put(int arrivals)
        {
            puts.AddRange(Enumerable.Range(puts.Count, arrivals).Select(i => host.PutOnlyAsync((Samples.Key(i), Samples.Sized(ValueBytes)))));
            return arrivals;
        }

        int NextArrivals()
        {
            var (arrivals, time) = (-1, 0d);
            for (; time < 1; arrivals++)
            {
                time -= Math.Log((1 + random.Next(1_000_000)) / 1_000_000d) / rate;
            }

            return arrivals;
        }
    }
}
