using KadOrleans.EdgeWorker.Values;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.EdgeWorker.Tests.Values;

public sealed class SiloDesksTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void A_desk_is_chosen_where_it_responded_last() => Randomized.ForSteps(100, 500, steps =>
    {
        var desks = new SiloDesks(_clock);
        var places = new Dictionary<long, int>();
        foreach (var step in steps)
        {
            var (desk, silo) = (step / 3 % 20, step / 60 % 5);
            switch (step % 3)
            {
                case 0:
                    desks.Forget(desk);
                    places.Remove(desk);
                    break;
                case 1:
                    desks.Note(desk, Silos.At(silo));
                    places[desk] = silo;
                    break;
                default:
                    var chosen = desks.Choose(Silos.At(silo), desk, step % 7);
                    Assert.True(
                        chosen == desk || (chosen < 0 ? !places.ContainsValue(silo) : places[chosen] == silo),
                        $"Desk {chosen} is chosen for silo {silo}.");
                    break;
            }
        }
    });

    [Fact]
    public void The_own_desk_is_used_until_its_silo_is_known_and_if_it_is_the_right_one()
    {
        var desks = new SiloDesks(_clock);
        desks.Note(3, Silos.At(1));
        Assert.Equal(7, desks.Choose(Silos.At(1), own: 7, lane: 0));
        desks.Note(7, Silos.At(1));
        Assert.Equal(7, desks.Choose(Silos.At(1), own: 7, lane: 0));
        desks.Note(7, Silos.At(2));
        Assert.Equal(3, desks.Choose(Silos.At(1), own: 7, lane: 0));
    }

    [Fact]
    public void Lanes_share_the_last_desks_that_were_found_at_a_silo()
    {
        var desks = new SiloDesks(_clock);
        desks.Note(0, Silos.At(2));
        for (var desk = 1; desk <= SiloDesks.MaxDesksOfSilo + 2; desk++)
        {
            desks.Note(desk, Silos.At(1));
        }

        Assert.Equal(
            Enumerable.Range(3, SiloDesks.MaxDesksOfSilo).Select(desk => (long)desk),
            Enumerable.Range(0, SiloDesks.MaxDesksOfSilo).Select(lane => desks.Choose(Silos.At(1), own: 0, lane)));
    }

    [Fact]
    public void New_desks_are_tried_at_intervals_and_seldom_when_they_find_no_other_silo()
    {
        var desks = new SiloDesks(_clock);
        desks.Note(0, Silos.At(1));
        for (var i = 1; i <= SiloDesks.MaxTries; i++)
        {
            Assert.Equal(-i, Choose());
            Assert.Equal(0, Choose());
            desks.Note(-i, Silos.At(1));
            desks.Note(0, Silos.At(1));
            _clock.Advance(SiloDesks.TriesEvery);
        }

        for (var i = SiloDesks.MaxTries + 1; i < SiloDesks.MaxTries + 4; i++)
        {
            Assert.Equal(0, Choose());
            _clock.Advance(SiloDesks.LongPause);
            Assert.Equal(-i, Choose());
            _clock.Advance(SiloDesks.TriesEvery);
        }

        // Another silo is there: more may have come.
        desks.Note(-SiloDesks.MaxTries, Silos.At(3));
        Assert.Equal(-SiloDesks.MaxTries - 4, Choose());

        long Choose() => desks.Choose(Silos.At(2), own: 0, lane: 0);
    }
}
