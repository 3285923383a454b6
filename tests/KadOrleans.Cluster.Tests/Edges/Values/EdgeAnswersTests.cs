using System.Diagnostics.Metrics;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Random histories of a cluster, and what an edge answers meanwhile.</summary>
public class EdgeAnswersTests
{
    [Fact]
    public void No_answer_is_older_than_allowed_whatever_is_lost_or_late_and_own_puts_are_found_at_once() =>
        Randomized.ForSteps(1_000, 150, steps =>
        {
            // All that happens happens in this thread.
            SynchronizationContext.SetSynchronizationContext(null);
            var world = new EdgeAnswersModel();
            foreach (var step in steps)
            {
                world.Step(step);
            }
        });

    [Fact]
    public void In_such_histories_most_gets_are_answered_without_a_call()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Name == "kad.shard.answers")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            counted.AddOrUpdate((string)tags[0].Value!, count, (_, sum) => sum + count));
        listener.Start();
        var world = new EdgeAnswersModel();
        var random = new SeededRandomSource(1);
        for (var i = 0; i < 20_000; i++)
        {
            world.Step(random.Next(int.MaxValue));
        }

        Assert.InRange(world.Counts.Absent, 300, long.MaxValue);
        Assert.InRange(world.Counts.Cached, 300, long.MaxValue);
        Assert.InRange(world.Counts.InOutage, 100, long.MaxValue);
        Assert.InRange(world.Unanswered, 100, int.MaxValue);

        // Other tests may be counted too.
        Assert.InRange(
            counted["absent"] + counted["cached"] + counted["outage"], world.Counts.Absent + world.Counts.Cached, long.MaxValue);
        Assert.InRange(counted["outage"], world.Counts.InOutage, long.MaxValue);
    }
}
