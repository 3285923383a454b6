namespace KadOrleans.Lab;

/// <summary>Estimates of costs, for people and as JSON. Money and operations are those of a month.</summary>
internal static class CostReport
{
    private const double BytesPerMebibyte = 1 << 20;

    public static void Print(IReadOnlyList<CostEstimate> estimates, PriceList prices, ResultPrinter printer)
    {
        printer.Print(Json(estimates, prices), () =>
        {
            foreach (var estimate in estimates)
            {
                Print(estimate, prices, printer);
            }
        });
    }

    private static void Print(CostEstimate estimate, PriceList prices, ResultPrinter printer)
    {
        var load = estimate.Load;
        printer.Line($"{estimate.Storage.Name}: {load.PutsPerSecond} puts/s of {load.ValueBytes} bytes, {load.Keys} keys in {load.Shards} shards, {load.NodeIds} ids, {load.Silos} silos, {load.Edges} edges.");
        string[][] rows =
        [
            .. estimate.Items.Select(item => Row(item.Name, item.Operations, item.Money)),
            ["bytes on storage", "", "", $"{estimate.Gigabytes:0.00} GB", $"{estimate.BytesMoney:0.00}"],
            ["server or disk", "", "", "", $"{estimate.Storage.FixedPerMonth:0.00}"],
            ["storage in all", .. Row("", estimate.Operations, estimate.StorageMoney)[1..]],
            ["machines", "", "", "", $"{estimate.MachinesMoney:0.00}"],
        ];
        printer.Table(["A month", "Reads", "Writes", "Size", prices.Currency], rows);
        printer.Line($"Heap of each silo, with one silo missing: {estimate.HeapPerSilo / BytesPerMebibyte:0} MiB for the index and {100 * estimate.CachedPart:0} % of the values; a silo holds {prices.Machines.LiveBytesPerSilo / BytesPerMebibyte:0} MiB.");
        if (estimate.Storage.Limit is { } limit)
        {
            printer.Line($"Limit: {limit}.");
        }

        if (!estimate.WasMeasured)
        {
            printer.Line($"Not measured: {load.PutsPerSecond} puts/s on this storage; the most that was measured is {estimate.Storage.MeasuredPuts}.");
        }

        if (!estimate.KeepsUp)
        {
            printer.Line("Too slow: these shards or this storage cannot write so many puts. More shards or faster storage are needed.");
        }

        if (estimate.HeapPerSilo > prices.Machines.LiveBytesPerSilo)
        {
            printer.Line("Too little memory: more silos are needed.");
        }
    }

    private static string[] Row(string name, Operations operations, double money) =>
        [name, $"{operations.Reads:0}", $"{operations.Writes:0}", "", $"{money:0.00}"];

    private static JsonObject Json(IReadOnlyList<CostEstimate> estimates, PriceList prices) => ResultJson.Of(new
    {
        prices.Currency,
        prices.Region,
        MachinesSource = prices.Machines.Source,
        Estimates = estimates.Select(estimate => new
        {
            Storage = estimate.Storage.Name,
            estimate.Storage.Source,
            estimate.Storage.Limit,
            estimate.Load.PutsPerSecond,
            estimate.Load.GetsPerSecond,
            estimate.Load.ValueBytes,
            estimate.Load.Keys,
            estimate.Load.Shards,
            estimate.Load.NodeIds,
            estimate.Load.Edges,
            estimate.Load.Silos,
            Items = estimate.Items.Select(item => new
            {
                item.Name,
                Reads = Math.Round(item.Operations.Reads),
                Writes = Math.Round(item.Operations.Writes),
                Money = Math.Round(item.Money, 2),
            }),
            Gigabytes = Math.Round(estimate.Gigabytes, 3),
            BytesMoney = Math.Round(estimate.BytesMoney, 2),
            FixedMoney = estimate.Storage.FixedPerMonth,
            StorageMoney = Math.Round(estimate.StorageMoney, 2),
            MachinesMoney = Math.Round(estimate.MachinesMoney, 2),
            CachedPart = Math.Round(estimate.CachedPart, 3),
            HeapBytesPerSilo = Math.Round(estimate.HeapPerSilo),
            estimate.WasMeasured,
            estimate.KeepsUp,
            FitsMemory = estimate.HeapPerSilo <= prices.Machines.LiveBytesPerSilo,
        }),
    });
}
