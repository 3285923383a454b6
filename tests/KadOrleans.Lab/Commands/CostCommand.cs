using System.Numerics;

namespace KadOrleans.Lab;

/// <summary><c>kad-lab cost</c>: the operations, memory and money of a cluster under a given load.</summary>
internal static class CostCommand
{
    private const string All = "all";
    private const int MaxShards = 1 << 16;

    private static readonly PriceList Prices = PriceList.Read();

    private static readonly string Names = string.Join(", ", [.. Prices.Storages.Select(storage => storage.Name), All]);

    private static readonly NumberOption<double> Puts = new("--puts", "N", 0, 10_000_000, "New or changed values a second", 0);
    private static readonly NumberOption<double> Gets = new("--gets", "N", 0, 100_000_000, "Values asked for a second", 0);
    private static readonly NumberOption<int> Bytes = new("--bytes", "N", 0, 8_192, "The bytes of a value", 64);
    private static readonly NumberOption<long> Keys = new("--keys", "N", 0, 1_000_000_000_000, "The keys held", 0);
    private static readonly NumberOption<int> Ids = new("--ids", "N", 0, 1_000_000, "The node ids of all edges", 0);
    private static readonly NumberOption<int> Edges = new("--edges", "N", 0, 100_000, "The edges", 0);
    private static readonly NumberOption<int> Silos = new("--silos", "N", 0, 10_000, "The silos, or 0 for as many as the memory needs", 0);
    private static readonly NumberOption<int> Shards = new("--shards", "N", 1, MaxShards, "The shards, a power of two", 128);

    private static readonly NumberOption<double> Save = new(
        "--save-interval", "MINUTES", 0.1, 60, "Kad:Cluster:SaveInterval, the longest time after which a changed table is saved", 10);

    private static readonly NumberOption<double> Write = new(
        "--write-ms", "MS", 0, 10_000, "The time of one write to storage, or 0 for that of the price list", 0);

    private static readonly Option<string> Storage = new("--storage")
    {
        Description = $"The storage: {Names}.",
        HelpName = "NAME",
        DefaultValueFactory = _ => All,
    };

    public static Command Create(CommandIo io)
    {
        var json = CommonOptions.Json();
        var command = new ExampleCommand("cost", "Compute what a cluster costs in a month: operations, storage, memory and money.")
        {
            Examples =
            [
                "kad-lab cost --puts 1000 --bytes 64 --ids 1000 --keys 1000000 --storage azure-tables",
                "kad-lab cost --puts 100 --keys 100000000 --edges 10 --ids 10 --shards 1024 --json",
            ],
            Notes = $"""
                Prices are in {Prices.Currency}, {Prices.Region}; --json has the source of each.
                Operations are those of the grains: tests compare the formulas with real grains on storage that counts.
                Not included: traffic, logs, telemetry, reminders and members of the cluster, and a standby of a database.
                """,
        }.With(Puts, Gets, Bytes, Keys, Ids, Edges, Silos, Shards, Save, Write, Storage, json);
        command.SetAction(parsed =>
        {
            var load = ReadLoad(parsed);
            CostReport.Print([.. ReadStorages(parsed).Select(storage => CostEstimate.Of(load, storage, Prices))], Prices, new ResultPrinter(io, parsed.GetValue(json)));
            return ExitCode.Done;
        });
        return command;
    }

    private static ClusterLoad ReadLoad(ParseResult parsed)
    {
        var load = new ClusterLoad
        {
            PutsPerSecond = Puts.Read(parsed),
            GetsPerSecond = Gets.Read(parsed),
            ValueBytes = Bytes.Read(parsed),
            Keys = Keys.Read(parsed),
            NodeIds = Ids.Read(parsed),
            Edges = Edges.Read(parsed),
            Silos = Silos.Read(parsed),
            Shards = Shards.Read(parsed),
            SaveInterval = TimeSpan.FromMinutes(Save.Read(parsed)),
        };
        return BitOperations.IsPow2(load.Shards)
            ? load
            : throw CommandException.WrongUsage($"--shards is '{load.Shards}'; a power of two is needed, 1 to {MaxShards}.");
    }

    private static IEnumerable<StoragePrice> ReadStorages(ParseResult parsed)
    {
        var name = parsed.GetValue(Storage)!;
        var milliseconds = Write.Read(parsed);
        var found = Prices.Storages.Where(storage => name == All || storage.Name == name).ToList();
        return found.Count == 0
            ? throw CommandException.WrongUsage($"--storage is '{name}'; one of {Names} is needed.")
            : found.Select(storage => milliseconds == 0 ? storage : storage with { WriteMilliseconds = milliseconds });
    }
}
