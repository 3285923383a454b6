using KadOrleans.Core;
using KadOrleans.Node.Requests;

namespace KadOrleans.Node.Tests.Requests;

public sealed class DeadlineQueueTests
{
    private static readonly UdpEndpoint Somebody = UdpEndpoint.Parse("11.0.0.1:1");

    private readonly DeadlineQueue _queue = new();

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 40)]
    [InlineData(3, 1_000)]
    public void The_first_is_due_before_all_others_whatever_left_before(int seed, int most)
    {
        var random = new Random(seed);
        var queued = new List<OutgoingRequest>();
        for (var step = 0; step < 20_000; step++)
        {
            if (queued.Count < most && random.Next(most) >= queued.Count / 2)
            {
                var request = Request();
                _queue.Add(request, random.Next(500));
                queued.Add(request);
            }
            else
            {
                var chosen = random.Next(3) == 0 ? _queue.First! : queued[random.Next(queued.Count)];
                _queue.Remove(chosen);
                Assert.True(queued.Remove(chosen));
            }

            Assert.Equal(queued.Count, _queue.Count);
            Assert.Equal(queued.Count == 0 ? null : queued.Min(request => request.Due), _queue.First?.Due);
        }

        while (_queue.First is { } first)
        {
            _queue.Remove(first);
            Assert.True(queued.Remove(first));
            Assert.All(queued, request => Assert.True(first.Due <= request.Due));
        }

        Assert.Empty(queued);
    }

    [Fact]
    public void A_request_that_left_can_come_again_and_leave_only_once()
    {
        var (first, second) = (Request(), Request());
        _queue.Add(first, 1);
        _queue.Add(second, 2);

        _queue.Remove(first);
        _queue.Remove(first);
        Assert.Same(second, _queue.First);

        _queue.Add(first, 3);
        _queue.Clear();
        _queue.Remove(second);
        Assert.Equal(0, _queue.Count);
        Assert.Null(_queue.First);
    }

    private static PingCall Request() => new(Somebody, null, default, (_, _, _) => { });
}
