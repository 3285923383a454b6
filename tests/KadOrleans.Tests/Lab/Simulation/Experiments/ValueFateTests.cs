namespace KadOrleans.Tests.Lab;

public sealed class ValueFateTests
{
    [Fact]
    public void While_nodes_come_and_go_values_live_as_long_as_they_should_and_no_longer()
    {
        var fate = new NetworkSimulation(new SimulationSettings
        {
            Nodes = 40,
            Seed = 4,
            Churn = 0.25,
            Duration = TimeSpan.FromHours(7),
            Values = 11,
            LookInterval = TimeSpan.FromMinutes(30),
            Kademlia = new KademliaOptions { ValueTimeToLive = TimeSpan.FromHours(3) },
            RandomWalk = new RandomWalkOptions { AutoRefresh = false },
        }).Run().Values;
        Assert.Equal((11, 0, 0, 0), (fate.Set, fate.Misses, fate.Lost, fate.Outlived));
        Assert.InRange(fate.Ended, 1, 10);
        Assert.InRange(fate.Looks, 50, 11 * 14);
        Assert.InRange(fate.FewestHolders, 5, 20);
        Assert.InRange(fate.EarliestEnd, -ValueFate.Tolerance, TimeSpan.FromSeconds(1));
        Assert.InRange(fate.LatestEnd, fate.EarliestEnd, ValueFate.Tolerance);
        Assert.InRange(fate.Republished, 11, 500);
    }

    [Fact]
    public void A_value_that_is_held_when_its_life_is_over_has_outlived_it()
    {
        var fate = LookAfterTwoDays(timeToLive: TimeSpan.FromDays(1), held: TimeSpan.FromDays(7));
        Assert.Equal((1, 1, 1, 0), (fate.Set, fate.Ended, fate.Outlived, fate.Lost));
        Assert.Equal(6, fate.LatestEnd.TotalDays, 3);
    }

    [Fact]
    public void A_living_value_that_nobody_finds_is_lost()
    {
        var fate = LookAfterTwoDays(timeToLive: TimeSpan.FromDays(7), held: TimeSpan.FromDays(1));
        Assert.Equal((1, 0, 0, 1, 1), (fate.Set, fate.Ended, fate.Outlived, fate.Lost, fate.Misses));
        Assert.Equal((0, 0), (fate.FewestHolders, fate.Holders.Max));
    }

    private static ValueFate LookAfterTwoDays(TimeSpan timeToLive, TimeSpan held)
    {
        var world = new SimulatedWorld(1);
        var settings = new SimulationSettings { Nodes = 3, Kademlia = new KademliaOptions { ValueTimeToLive = held } };
        var population = new Population(world, settings);
        var trial = new ValueTrial(world, population, timeToLive);
        world.Network.Traffic = new TrafficMeter { OnPublication = trial.OnPublication };
        return world.Run(async () =>
        {
            for (var i = 0; i < settings.Nodes; i++)
            {
                await population.JoinAsync(population.CreatePlace());
            }

            await trial.SetAsync();
            await world.PassAsync(TimeSpan.FromDays(2));
            await trial.LookAsync();
            return trial.Summarize(population.Republished);
        });
    }
}
