using KadOrleans.Lab;

namespace KadOrleans.Tests.Hostile;

/// <summary>What floods under forged sources achieve, and what strangers draw.</summary>
public sealed class FloodTests
{
    private const int Seed = 20_261_121;
    private const int PerSecond = 20_000;
    private const double MaxRatio = 2.0;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("Ping")]
    [InlineData("Stun")]
    [InlineData("Store")]
    [InlineData("FindNode")]
    [InlineData("FindValue")]
    [InlineData("mixed")]
    public void Newcomers_get_contacts_while_forged_requests_arrive(string kind)
    {
        RequestKind? flood = kind == "mixed" ? null : Enum.Parse<RequestKind>(kind);

        var result = NewcomerTrial.Run(Seed, flood, PerSecond, newcomers: 240, Duration);

        Assert.True(result.Share >= 0.99, $"seed {Seed}: {result}");
    }

    [Fact]
    public void A_datagram_draws_at_most_twice_its_bytes_towards_an_unproven_endpoint()
    {
        var drawn = AmplificationTrial.Run(Seed);

        Assert.True(
            drawn.All(call => call.Ratio <= MaxRatio),
            $"seed {Seed}:\n{string.Join('\n', drawn.Where(call => call.Ratio > MaxRatio))}");
    }

    [Fact]
    public void Forged_requests_draw_at_most_a_megabyte_a_second_towards_a_proven_endpoint()
    {
        var perSecond = AmplificationTrial.TowardsProven(Seed, perSecond: 4_900, TimeSpan.FromSeconds(10));

        // A second's worth may come as a burst.
        Assert.True(perSecond <= 1.1 * (1 << 20), $"seed {Seed}: {perSecond / 1e6:0.00} MB/s");
    }

    [Fact]
    public void Many_ports_of_one_address_draw_four_megabytes_a_second_at_most()
    {
        var perSecond = AmplificationTrial.TowardsProven(Seed, perSecond: 4_900, TimeSpan.FromSeconds(10), ports: 64);

        // As above.
        Assert.True(perSecond <= 1.1 * (4 << 20), $"seed {Seed}: {perSecond / 1e6:0.00} MB/s");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_network_that_comes_with_ever_new_ids_is_handed_the_values_once_an_hour(bool isOneEndpoint) =>
        Assert.InRange(HandOffTrial.Run(Seed, isOneEndpoint), 1, 2 * HandOffTrial.Held);
}
