namespace KadOrleans.Tests.Node;

public sealed class PendingRequestsTests
{
    private const int Length = 1_000;

    private static readonly int Footprint = Request("11.0.0.1:1").Footprint;

    private readonly ManualTimeProvider _clock = new();

    private PendingRequests Held => field ??= new(_clock, 64 * Footprint, maxPerEndpoint: 3);

    [Fact]
    public void Without_room_the_oldest_requests_are_dropped()
    {
        var first = Enumerable.Range(0, 64).Select(i => Hold($"11.0.{i}.1:1")).ToList();
        Assert.All(first, held => Assert.Null(held.PushedOut));

        Assert.Equal(Endpoint("11.0.0.1:1"), Assert.Single(Hold("12.0.0.1:1").PushedOut!).Source);
        Assert.Equal(Endpoint("11.0.1.1:1"), Assert.Single(Hold("12.0.1.1:1").PushedOut!).Source);
        Assert.Equal(64 * Footprint, Held.Bytes);

        Assert.True(Held.TryHold(Request("12.0.2.1:1", 3 * Footprint), out var several));
        Assert.Equal(["11.0.2.1:1", "11.0.3.1:1", "11.0.4.1:1", "11.0.5.1:1"], several!.Select(request => $"{request.Source}"));
        Assert.InRange(Held.Bytes, 1, 64 * Footprint);
    }

    [Fact]
    public void A_network_that_has_more_than_its_share_makes_the_room_itself()
    {
        Hold("11.0.0.1:1");
        for (var i = 1; i < 64; i++)
        {
            Hold($"12.0.0.{i}:1");
        }

        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(Endpoint("12.0.0.1:1").AddressLow >> 8, Assert.Single(Hold($"12.0.0.{i % 200}:{i + 2}").PushedOut!).Source.AddressLow >> 8);
        }

        Assert.Single(Held.Take(Endpoint("11.0.0.1:1")));
    }

    [Fact]
    public void Random_use_keeps_the_books()
    {
        var random = new SeededRandomSource(21);
        var expected = new HashSet<PendingRequest>();
        for (var i = 0; i < 20_000; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(random.Next(5)));
            var source = $"11.{random.Next(3)}.{random.Next(5)}.{random.Next(4)}:{random.Next(3)}";
            if (random.Next(3) == 0)
            {
                expected.ExceptWith(Held.Take(Endpoint(source)));
            }
            else
            {
                var request = Request(source, random.Next(8_000));
                if (Held.TryHold(request, out var pushedOut))
                {
                    expected.Add(request);
                }

                expected.ExceptWith(pushedOut ?? []);
            }

            expected.ExceptWith(Held.TakeOlderThan(TimeSpan.FromMilliseconds(500)));
            Assert.InRange(Held.Bytes, 0, 64 * Footprint);
            Assert.True(expected.Sum(request => request.Footprint) == Held.Bytes, $"step {i} of seed 21");
        }
    }

    private (bool Held, List<PendingRequest>? PushedOut) Hold(string source) =>
        (Held.TryHold(Request(source), out var pushedOut), pushedOut);

    private static PendingRequest Request(string source, int length = Length)
    {
        var context = new RequestSource(default, Endpoint(source), length, null!, IsTrusted: false, Verified: null);
        return new PendingRequest(RequestKind.Store, NodeId.MinValue, context);
    }

    private static UdpEndpoint Endpoint(string text) => UdpEndpoint.Parse(text);
}
