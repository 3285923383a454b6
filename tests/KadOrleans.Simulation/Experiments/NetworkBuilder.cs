using KadOrleans.Simulation.Tables;

namespace KadOrleans.Simulation.Experiments;

/// <summary>Brings a network into being, its silent and lying nodes included.</summary>
internal sealed class NetworkBuilder(
    SimulationSettings settings, Population population, Action<string, long, long> report)
{
    public async Task BuildAsync(CancellationToken cancellationToken)
    {
        var members = new Member[settings.Nodes];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = population.CreatePlace();
        }

        if (settings.BuildsByJoins)
        {
            await JoinAllAsync(members, cancellationToken);
            await ChangeSomeAsync(members);
        }
        else
        {
            // Nobody has to run before it falls silent.
            await ChangeSomeAsync(members);
            await FillAllAsync(members, cancellationToken);
        }
    }

    private async Task JoinAllAsync(Member[] members, CancellationToken cancellationToken)
    {
        for (var i = 0; i < members.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await population.JoinAsync(members[i]);
            report("joined", i + 1, members.Length);
        }
    }

    private async Task FillAllAsync(Member[] members, CancellationToken cancellationToken)
    {
        var contacts = Array.ConvertAll(members, m => m.Contact);
        Array.Sort(contacts, (left, right) => left.Id.CompareTo(right.Id));
        var tables = new FullTables(contacts, population.Pager, settings.Seed);
        var changed = (int)(settings.Nodes * settings.Dead) + (int)(settings.Nodes * settings.Liars);
        for (var i = changed; i < members.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await population.StartAsync(members[i], tables.Create(members[i].Contact.Id));
            population.Enter(members[i]);
            report("built", i + 1, members.Length);
        }
    }

    /// <summary>The first are silent, those behind them lie: ids are random, so any are as good as others.</summary>
    private async Task ChangeSomeAsync(Member[] members)
    {
        var dead = (int)(settings.Nodes * settings.Dead);
        var liars = (int)(settings.Nodes * settings.Liars);
        foreach (var member in members[..dead])
        {
            await population.KillAsync(member);
        }

        var lying = members[dead..(dead + liars)];
        var known = Array.ConvertAll(members, m => m.Contact);
        var liarContacts = Array.ConvertAll(lying, m => m.Contact);
        foreach (var member in lying)
        {
            await population.CorruptAsync(member, known, liarContacts);
        }
    }
}
