using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>What must hold of a node's table and store at any time, whatever it received.</summary>
internal static class StateInvariants
{
    public static void RequireSound(RoutingTableSnapshot table, TrafficLedger ledger)
    {
        foreach (var contact in table.Contacts)
        {
            Require(contact.Id != table.OwnId, "the node's own id is in its table");
            Require(contact.Endpoint.IsUnicast, $"{contact} is in the table and cannot be reached");
            Require(ledger.IsProven(contact), $"{contact} is in the table and never said so in answer to a ping");
        }

        Require(
            table.Contacts.Select(contact => contact.Endpoint).Distinct().Count() == table.Count,
            "an endpoint is in the table twice");
    }

    public static async Task RequireWithinQuotaAsync(InMemoryKeyStore store, StoreQuota quota)
    {
        var usage = await store.GetUsageAsync();
        Require(usage.Keys <= quota.TotalKeys && usage.Bytes <= quota.TotalBytes, $"the store holds {usage}");
        var values = await store.ScanAsync().Select(pair => pair.Value).ToListAsync();
        Require(values.Sum(value => (long)value.Footprint) == usage.Bytes, "the store counts its bytes wrongly");
        Require(values.All(value => StoreRules.FindRefusal(value.Value) is null), "a value is held that none may store");
        foreach (var source in values.Where(value => !value.Source.IsTrusted).GroupBy(value => value.Source))
        {
            Require(
                source.Count() <= quota.KeysPerSource && source.Sum(value => value.Footprint) <= quota.BytesPerSource,
                $"{source.Count()} values of one source are held");
        }
    }
}
