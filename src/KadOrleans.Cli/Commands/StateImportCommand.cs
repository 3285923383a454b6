using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Hosting;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state import</c>: reads what <c>export</c> wrote.</summary>
internal static class StateImportCommand
{
    // Below what the storage queues (8192).
    private const int Together = 4096;

    public static Command Create(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to read; - is the standard input." };
        var force = new Option<bool>("--force") { Description = "Replace the id of a folder that belongs to another node." };
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new ExampleCommand("import", "Read a node's id, contacts and values from a JSON file.")
        {
            Examples = ["kad state import backup.json", "gunzip -c backup.json.gz | kad state import - --data /var/lib/kad"],
            Notes = "Id and contacts replace those of the folder; values are added, and the later stored one of a key stays. "
                + "The whole file is checked before anything is written.",
        };
        command.Add(file);
        command.Add(data);
        command.Add(force);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io, parsed.GetValue(file)!, parsed.GetValue(data)!, parsed.GetValue(force), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandIo io, string file, string data, bool force, bool json, CancellationToken cancellationToken)
    {
        var result = await new Progress(io, json).ShowAsync("Importing…", async () =>
        {
            await using var stream = await StateFile.OpenAsync(file, io.OpenInput, cancellationToken);
            var head = new StateReader(stream, file);
            foreach (var _ in head.ReadValues())
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            await using var storage = NodeStorage.Open(data, new StoreQuota(), DamagePolicy.Refuse);
            var held = await storage.States.LoadAsync(cancellationToken);
            Check(data, held?.Id, head.Id, force);
            stream.Position = 0;
            return await ImportAsync(storage, head, new StateReader(stream, file), cancellationToken);
        });
        Print(new ResultPrinter(io, json), data, result);
        return result.Values.Refused == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Check(string data, NodeId? held, NodeId? imported, bool force)
    {
        if (held is { } own && imported is { } other && own != other && !force)
        {
            throw CommandException.WrongUsage(
                $"--data: '{data}' belongs to node {own}, FILE to node {other}; choose another folder, or replace the id with --force.");
        }
    }

    private static async Task<StateImport> ImportAsync(
        NodeStorage storage, StateReader head, StateReader values, CancellationToken cancellationToken)
    {
        // A node keeps what it publishes elsewhere, so what a cluster published is a value as any other to it.
        var importer = new StateImporter(storage.Keys, Together, TimeProvider.System);
        if (!await importer.ImportAsync(values.ReadValues().Select(Unpublished), cancellationToken))
        {
            throw new KeyStoreException("The database could not be written; free its disk, and import again.");
        }

        if (head.Id is { } id)
        {
            await storage.States.SaveAsync(new NodeState(id, [.. head.Contacts]), CancellationToken.None);
        }

        var state = await storage.States.LoadAsync(CancellationToken.None);
        return new StateImport(state?.Id, head.Id is null ? 0 : head.Contacts.Count, importer.Result);
    }

    private static KeyValuePair<NodeId, StoredValue> Unpublished(KeyValuePair<NodeId, StoredValue> value) =>
        new(value.Key, value.Value with { PublishedAt = null });

    private static void Print(ResultPrinter printer, string data, StateImport result)
    {
        if (printer.IsJson)
        {
            printer.Json(new JsonObject
            {
                ["data"] = data,
                ["id"] = result.Id?.ToString(),
                ["contacts"] = result.Contacts,
                ["imported"] = result.Values.Imported,
                ["expired"] = result.Values.Expired,
                ["older"] = result.Values.Older,
                ["refused"] = result.Values.Refused,
            });
            return;
        }

        printer.Line(
            $"imported {result.Values.Imported} values and {result.Contacts} contacts into {data}; left out: {result.Values.Expired} expired, "
            + $"{result.Values.Older} older than the folder's, {result.Values.Refused} too long or beyond the quotas");
    }

    /// <param name="Id">The id that the folder has now; null if it has none.</param>
    /// <param name="Contacts">Contacts that replaced the folder's.</param>
    /// <param name="Values">What came of the values.</param>
    private sealed record StateImport(NodeId? Id, int Contacts, ImportResult Values);
}
