using System.CommandLine;
using KadOrleans.Edge.Hosting;
using KadOrleans.Edge.Shards;
using KadOrleans.Edge.Transfer;
using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;
using KadOrleans.StateFiles;

namespace KadOrleans.Edge;

/// <summary>The command line of an edge: it serves, exports or imports the values of its cluster, or doubles its shards.</summary>
internal static class EdgeCommand
{
    private const string Help = """
        An edge of a cluster: a node of a Kademlia network that keeps nothing itself. Without a command it serves until told to stop.

        The settings most used:

          Kad:Storage=Local|AdoNet|AzureStorage      how the silos are found
          Kad:Cluster:Gateway=127.0.0.1:30000        gateways of silos, with Local
          Kad:PostgreSql:ConnectionString=...        with AdoNet
          Kad:Edge:Name=... Kad:Edge:Listen=...      of an edge that serves; docs/settings.md has the rest

        Examples:
          KadOrleans.Edge Kad:Edge:Name=a Kad:Edge:Listen=0.0.0.0:8468 Kad:Cluster:Gateway=10.0.0.4:30000
          KadOrleans.Edge export backup.json Kad:Cluster:Gateway=10.0.0.4:30000
          KadOrleans.Edge shards double Kad:Cluster:Gateway=10.0.0.4:30000
          KadOrleans.Edge import backup.json Kad:Storage=AdoNet "Kad:PostgreSql:ConnectionString=Host=db;Database=orleans"
        """;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the executable's name.</param>
    /// <param name="providers">What it can use.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <returns>An <see cref="KadOrleans.Hosting.ExitCode"/>.</returns>
    public static Task<int> RunAsync(string[] args, KadProviders providers, TransferIo io)
    {
        var command = SettingsCommand.Create(Help, settings => EdgeProgram.RunAsync(settings, providers, io.Output, io.Error));
        var before = (Argument<string[]>)command.Arguments.Single();
        command.Add(Transfer(
            before, TransferArguments.Export, "Write all values of the cluster to a file of \"kad state\", while cluster and edges serve on.", providers, io));
        command.Add(Transfer(
            before, TransferArguments.Import, "Put the values of a file of \"kad state\" into the cluster, while cluster and edges serve on.", providers, io));
        var shards = Shards(before, "shards", "Show how many shards the cluster has, and how far a doubling is.", isDouble: false, providers, io);
        shards.Add(Shards(
            before, "double", "Double the number of shards, while cluster and edges serve on. There is no way back.", isDouble: true, providers, io));
        command.Add(shards);
        return command.RunAsync(args, io.Output, io.Error);
    }

    private static Command Shards(Argument<string[]> before, string verb, string description, bool isDouble, KadProviders providers, TransferIo io)
    {
        var json = new Option<bool>("--json") { Description = "Print the summary as JSON." };
        var settings = SettingsCommand.CreateArgument();
        var command = new Command(verb, description) { settings, json };
        command.SetAction(parsed => ShardsProgram.RunAsync(
            providers, [.. parsed.GetValue(before) ?? [], .. parsed.GetValue(settings) ?? []], isDouble, parsed.GetValue(json), io));
        return command;
    }

    private static Command Transfer(Argument<string[]> before, string verb, string description, KadProviders providers, TransferIo io)
    {
        // Optional for the parser: RequireFile below reports a missing one in a better sentence.
        var file = new Argument<string?>("FILE")
        {
            Description = $"The file; {StateFile.Standard} is the standard {(verb == TransferArguments.Export ? "output" : "input")}",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "Print the summary as JSON." };
        var settings = SettingsCommand.CreateArgument();
        var command = new Command(verb, description) { file, settings, json };
        command.SetAction(parsed =>
        {
            // Settings may also come before the verb.
            string[] given = [.. parsed.GetValue(before) ?? [], .. parsed.GetValue(settings) ?? []];
            return TransferProgram.RunAsync(
                new TransferArguments(verb, parsed.GetValue(file) ?? string.Empty, parsed.GetValue(json), given), providers, io);
        });
        return command;
    }
}
