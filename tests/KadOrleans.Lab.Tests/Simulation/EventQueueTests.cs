using KadOrleans.Simulation;

namespace KadOrleans.Lab.Tests.Simulation;

public sealed class EventQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Events_come_by_time_then_by_sequence_and_cancelled_ones_do_not(int seed)
    {
        var random = new SeededRandomSource(seed);
        var queue = new EventQueue();
        var expected = new List<Event>();
        for (var i = 0; i < 2_000; i++)
        {
            var added = new Event { Due = random.Next(200), Sequence = i };
            queue.Add(added);
            expected.Add(added);
            if (random.Next(3) == 0)
            {
                var cancelled = expected[random.Next(expected.Count)];
                Assert.True(queue.Remove(cancelled));
                Assert.False(queue.Remove(cancelled));
                expected.Remove(cancelled);
            }
        }

        var order = new List<ScheduledEvent>();
        while (queue.Peek() is { } next)
        {
            queue.Remove(next);
            order.Add(next);
        }

        Assert.Equal(expected.OrderBy(e => e.Due).ThenBy(e => e.Sequence), order);
    }

    private sealed class Event : ScheduledEvent
    {
        public override void Fire()
        {
        }
    }
}
