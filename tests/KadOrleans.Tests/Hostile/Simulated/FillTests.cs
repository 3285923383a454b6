namespace KadOrleans.Tests.Hostile;

/// <summary>What fillers and forged STOREs achieve.</summary>
public sealed class FillTests
{
    private const int Seed = 20_261_121;

    [Theory]
    [InlineData(AttackerSpread.OneSubscriber)]
    [InlineData(AttackerSpread.ManyNetworks)]
    internal void Whoever_answers_no_ping_stores_nothing(AttackerSpread spread)
    {
        var result = FillTrial.Run(Seed, spread, sources: 160, answersPings: false);

        Assert.True(
            result is { FillerAccepted: 0, KeysAfterFill: <= 1, HonestAccepted: >= 99, OwnAccepted: true, HeldBefore: true },
            $"seed {Seed}: {result}");
    }

    // Of sixteen networks each has more keys there than the honest peer. With as many as there is room for keys nobody has.
    [Theory]
    [InlineData(AttackerSpread.OneSubscriber, 160)]
    [InlineData(AttackerSpread.ManyNetworks, 16)]
    internal void A_node_filled_by_others_takes_values_of_honest_peers_and_its_own(AttackerSpread spread, int sources)
    {
        var result = FillTrial.Run(Seed, spread, sources, answersPings: true);

        Assert.True(
            result is { KeysAfterFill: <= FillTrial.Quota, HonestAccepted: >= 99, OwnAccepted: true, HeldBefore: true },
            $"seed {Seed}: {result}");
    }

    [Fact]
    public void A_forged_store_replaces_nothing() => Assert.Equal(Scene.Truth, OverwriteTrial.Overwrite(Seed));

    [Fact]
    public void Forged_stores_do_not_use_up_the_quota_of_the_address_that_they_name() =>
        Assert.Equal(20, OverwriteTrial.UseUpQuota(Seed));

    [Fact]
    public void An_owner_gets_all_values_back_that_others_overwrote_whatever_its_neighbours_changed() =>
        Assert.Equal(new OwnerResult(OwnerTrial.Keys, OwnerTrial.Keys), OwnerTrial.Run(Seed));

    // Thirty networks hold a part of the reserve each, and that is more than far values leave.
    [Theory]
    [InlineData(30, 0)]
    [InlineData(6, 300, Traits = ["Tier", "Long"])]
    public void Contacts_beside_a_nodes_id_and_junk_there_evict_no_near_values_nor_many_far_ones(int contacts, int far)
    {
        var result = ShrinkTrial.Run(Seed, contacts);

        Assert.True(result is { Near: 800 } && result.Far >= far, $"seed {Seed}: {result}");
    }
}
