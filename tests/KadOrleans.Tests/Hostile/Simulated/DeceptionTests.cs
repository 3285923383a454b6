namespace KadOrleans.Tests.Hostile;

/// <summary>What liars about values achieve.</summary>
public sealed class DeceptionTests
{
    private const int Seed = 20_261_121;

    [Theory]
    [InlineData(AttackerSpread.OneHost, 8)]
    [InlineData(AttackerSpread.OneSubnet, 8)]
    [InlineData(AttackerSpread.ManyNetworks, 4)]
    internal void Gets_return_what_honest_holders_hold(AttackerSpread spread, int most) => Assert.All([1, 2, most], liars =>
    {
        var result = DeceptionTrial.Run(Seed, liars, spread, gets: 100);

        Assert.True(result is { Deceived: 0, Missed: 0 }, $"seed {Seed}: {result}");
    });

    [Theory]
    [InlineData(AttackerSpread.OneHost)]
    [InlineData(AttackerSpread.OneSubnet)]
    internal void Sixty_four_ids_of_one_network_take_one_place_among_the_nearest(AttackerSpread spread)
    {
        var result = SybilTrial.Run(Seed, sybils: 64, spread);

        Assert.True(result is { SybilsFound: <= 1, SybilStores: <= 1, Stores: >= 15, Crowded: 0 }, $"seed {Seed}: {result}");
    }

    [Fact]
    public void A_set_says_that_ids_of_many_networks_surround_its_key()
    {
        var result = SybilTrial.Run(Seed, sybils: 64, AttackerSpread.ManyNetworks);

        Assert.True(result is { SybilStores: >= 15, Crowded: >= 15 }, $"seed {Seed}: {result}");
    }

    [Theory]
    [InlineData(AttackerSpread.OneHost)]
    [InlineData(AttackerSpread.ManyNetworks)]
    internal void Two_liars_do_not_end_a_publication(AttackerSpread spread)
    {
        var result = PublicationTrial.Run(Seed, liars: 2, spread, honest: 25);

        Assert.True(
            result is { PublisherKeepsTruth: true, Renewed: >= 15, Deceived: 0 }, $"seed {Seed}: {result}");
    }

    [Fact]
    public void A_watcher_is_told_what_a_get_says_and_not_what_a_stranger_stored_there() =>
        Assert.Equal([Scene.Truth], WatchTrial.Run(Seed));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sets_with_a_life_reach_all_holders_whatever_a_stranger_stores_there(bool squats)
    {
        var result = FreezeTrial.Run(Seed, squats, beats: 10);

        Assert.True(result is { Refused: 0, Missing: 0, TooLong: 0 }, $"seed {Seed}: {result}");
    }
}
