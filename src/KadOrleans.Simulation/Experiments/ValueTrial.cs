using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Simulation.Experiments;

/// <summary>Sets values and asks for them again, each by a random node.</summary>
internal sealed class ValueTrial(SimulatedWorld world, Population population)
{
    private readonly List<(NodeId Key, DhtValue Value)> _set = [];

    /// <summary>Values that were set.</summary>
    public int Count => _set.Count;

    /// <summary>Those of them that were found.</summary>
    public int Kept { get; private set; }

    public async Task SetAsync(int number)
    {
        var key = NodeId.Random(world.Random);
        var value = DhtValue.FromInteger(number);
        var result = await population.PickLive().Engine!.SetAsync(key, value);
        if (result.Succeeded)
        {
            _set.Add((key, value));
        }
    }

    public async Task CheckAsync(int number)
    {
        var (key, value) = _set[number];
        var asker = population.PickLive();
        var result = await asker.Engine!.GetAsync(key);
        Kept += result.Value == value ? 1 : 0;
    }
}
