using System.CommandLine;
using System.Globalization;
using System.Numerics;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.Lab.Reports;
using KadOrleans.Simulation.Costs;

namespace KadOrleans.Lab.Commands;

/// <summary><c>kad-lab cost</c>: the operations, memory and money of a cluster under a given load.</summary>
internal static class CostCommand
{
    private const string All = "all";
    private const int MaxValueBytes = 8192;
    private const int MaxShards = 1 << 16;

    private static readonly PriceList Prices = PriceList.Read();

    private static readonly string Names = string.Join(", ", [.. Prices.Storages.Select(storage => storage.Name), All]);

    private static readonly Option<string> Puts = Number("--puts", "N", "New or changed values a second: 0 to 10000000.", "0");
    private static readonly Option<string> Gets = Number("--gets", "N", "Values asked for a second: 0 to 100000000.", "0");
    private static readonly Option<string> Bytes = Number("--bytes", "N", $"The bytes of a value: 0 to {MaxValueBytes}.", "64");
    private static readonly Option<string> Keys = Number("--keys", "N", "The keys held: 0 to 1000000000000.", "0");
    private static readonly Option<string> Ids = Number("--ids", "N", "The node ids of all edges: 0 to 1000000.", "0");
    private static readonly Option<string> Edges = Number("--edges", "N", "The edges: 0 to 100000.", "0");
    private static readonly Option<string> Silos = Number("--silos", "N", "The silos: 1 to 10000, or 0 for as many as the memory needs.", "0");
    private static readonly Option<string> Shards = Number("--shards", "N", $"The shards: a power of two, 1 to {MaxShards}.", "128");

    private static readonly Option<string> Save = Number(
        "--save-interval", "MINUTES", "Kad:Cluster:SaveInterval, the longest time after which a changed table is saved: 0.1 to 60.", "10");

    private static readonly Option<string> Write = Number(
        "--write-ms", "MS", "The time of one write to storage: 0.01 to 10000. 0: that of the price list.", "0");

    private static readonly Option<string> Storage = Number("--storage", "NAME", $"The storage: {Names}.", All);

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
        };
        foreach (var option in new[] { Puts, Gets, Bytes, Keys, Ids, Edges, Silos, Shards, Save, Write, Storage })
        {
            command.Add(option);
        }

        command.Add(json);
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
            PutsPerSecond = ReadNumber(parsed, Puts, 0, 10_000_000),
            GetsPerSecond = ReadNumber(parsed, Gets, 0, 100_000_000),
            ValueBytes = ReadWhole(parsed, Bytes, 0, MaxValueBytes),
            Keys = ReadWhole(parsed, Keys, 0, 1_000_000_000_000),
            NodeIds = ReadWhole(parsed, Ids, 0, 1_000_000),
            Edges = ReadWhole(parsed, Edges, 0, 100_000),
            Silos = ReadWhole(parsed, Silos, 0, 10_000),
            Shards = ReadWhole(parsed, Shards, 1, MaxShards),
            SaveInterval = TimeSpan.FromMinutes(ReadNumber(parsed, Save, 0.1, 60)),
        };
        return BitOperations.IsPow2(load.Shards)
            ? load
            : throw CommandException.WrongUsage($"--shards is '{load.Shards}'; a power of two is needed, 1 to {MaxShards}.");
    }

    private static IEnumerable<StoragePrice> ReadStorages(ParseResult parsed)
    {
        var name = parsed.GetValue(Storage)!;
        var milliseconds = ReadNumber(parsed, Write, 0, 10_000);
        var found = Prices.Storages.Where(storage => name == All || storage.Name == name).ToList();
        return found.Count == 0
            ? throw CommandException.WrongUsage($"--storage is '{name}'; one of {Names} is needed.")
            : found.Select(storage => milliseconds == 0 ? storage : storage with { WriteMilliseconds = milliseconds });
    }

    private static T ReadWhole<T>(ParseResult parsed, Option<string> option, T least, T most)
        where T : INumber<T> =>
        Numbers.Parse(option.Name, parsed.GetValue(option)!, NumberStyles.AllowLeadingSign, least, most, "a whole number");

    private static double ReadNumber(ParseResult parsed, Option<string> option, double least, double most) => Numbers.Parse(
        option.Name, parsed.GetValue(option)!, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, least, most, "a number");

    private static Option<string> Number(string name, string shape, string description, string standard) => new(name)
    {
        Description = description,
        HelpName = shape,
        DefaultValueFactory = _ => standard,
    };
}
