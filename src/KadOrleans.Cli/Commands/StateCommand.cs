using KadOrleans.Cli.Hosting;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.StateFiles;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state</c>: a stopped node's id, contacts and values as a file.</summary>
internal static class StateCommand
{
    public static Command Create(CommandIo io)
    {
        var command = new ExampleCommand("state", "Write a stopped node's id, contacts and values to a file, or read them back.")
        {
            Examples = ["kad state export backup.json --data /var/lib/kad", "kad state import backup.json --data /var/lib/kad"],
        };
        command.Add(StateExportCommand.Create(io));
        command.Add(StateImportCommand.Create(io));
        return command;
    }
}

/// <summary><c>kad state export</c>: writes a data folder to a JSON file.</summary>
internal static class StateExportCommand
{
    public static Command Create(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to write; - is the standard output." };
        var salvage = new Option<bool>("--salvage")
        {
            Description = "Export the readable part of a damaged folder, which stays as it is. Exit code 1 if something is missing.",
        };
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new ExampleCommand("export", "Write a stopped node's id, contacts and values to a JSON file.")
        {
            Examples = ["kad state export backup.json", "kad state export - --data /var/lib/kad | gzip > backup.json.gz", "kad state export rest.json --salvage"],
            Notes = "The file: {\"format\":\"kad-state\",\"version\":1,\"id\",\"contacts\":[{\"id\",\"ip\",\"port\"}],"
                + "\"values\":[{\"key\",\"type\",\"value\",\"storedAt\",\"expiresAt\",\"source\"}]}.",
        };
        command.Add(file);
        command.Add(data);
        command.Add(salvage);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io, parsed.GetValue(file)!, parsed.GetValue(data)!, parsed.GetValue(salvage), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandIo io, string file, string data, bool salvages, bool json, CancellationToken cancellationToken)
    {
        if (json && file == StateFile.Standard)
        {
            throw CommandException.WrongUsage("Both --json and FILE '-' write to the standard output; one of them is allowed.");
        }

        // Opening would create a missing folder.
        if (!File.Exists(Path.Combine(data, SqliteDatabase.FileName)))
        {
            throw CommandException.WrongUsage($"--data: '{data}' holds no node's database ({SqliteDatabase.FileName}); the folder of a node is needed.");
        }

        return await new Progress(io, json).ShowAsync("Exporting…", async () =>
        {
            await using var salvaged = SalvagedStorage.Open(data, salvages);
            if (salvaged.Damage is not null && await IsEmptyAsync(salvaged.Storage, cancellationToken))
            {
                throw CommandException.WrongUsage($"--data: nothing in '{data}' can be read.");
            }

            var (contacts, values) = file == StateFile.Standard
                ? await WriteAsync(salvaged.Storage, io.OutputBytes, cancellationToken)
                : await StateFile.WriteAsync(file, stream => WriteAsync(salvaged.Storage, stream, cancellationToken));
            var result = new JsonObject { ["file"] = file, ["contacts"] = contacts, ["values"] = values };
            var printer = new ResultPrinter(io, json);
            if (file != StateFile.Standard && !json)
            {
                printer.Line($"exported {values} values and {contacts} contacts to {file}");
            }

            if (salvaged.Damage is not null)
            {
                return printer.Fail(ExitCode.Failed, $"In a copy of '{data}': {salvaged.Damage}", result);
            }

            if (json)
            {
                printer.Json(result);
            }

            return ExitCode.Done;
        });
    }

    private static async Task<bool> IsEmptyAsync(NodeStorage storage, CancellationToken cancellationToken) =>
        (await storage.Keys.GetUsageAsync(cancellationToken)).Keys == 0 && await storage.States.LoadAsync(cancellationToken) is null;

    private static async Task<(int Contacts, long Values)> WriteAsync(
        NodeStorage storage, Stream stream, CancellationToken cancellationToken)
    {
        var state = await storage.States.LoadAsync(cancellationToken);
        var values = await StateWriter.WriteAsync(stream, state, storage.Keys.ScanAsync(cancellationToken), cancellationToken);
        return (state?.Contacts.Count ?? 0, values);
    }
}

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
            Notes = "Id and contacts replace those of the folder. Values are added; of two values of a key the one stored later stays.  "
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
        return Print(new ResultPrinter(io, json), data, result);
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
        // A node keeps its own publications elsewhere. A value that a cluster published is an ordinary value here.
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

    private static int Print(ResultPrinter printer, string data, StateImport result)
    {
        var json = new JsonObject
        {
            ["data"] = data,
            ["id"] = result.Id?.ToString(),
            ["contacts"] = result.Contacts,
            ["imported"] = result.Values.Imported,
            ["expired"] = result.Values.Expired,
            ["older"] = result.Values.Older,
            ["refused"] = result.Values.Refused,
        };
        var line = $"imported {result.Values.Imported} values and {result.Contacts} contacts into {data}; left out: {result.Values.Expired} expired, "
            + $"{result.Values.Older} older than the folder's, {result.Values.Refused} too long or beyond the quotas";
        if (result.Values.Refused == 0)
        {
            printer.Print(json, line);
            return ExitCode.Done;
        }

        if (!printer.IsJson)
        {
            printer.Line(line);
        }

        return printer.Fail(ExitCode.Failed, $"{result.Values.Refused} values were not imported: they are too long or beyond the quotas.", json);
    }

    /// <param name="Id">The id that the folder has now; null if it has none.</param>
    /// <param name="Contacts">Contacts that replaced the folder's.</param>
    /// <param name="Values">The result of importing the values.</param>
    private sealed record StateImport(NodeId? Id, int Contacts, ImportResult Values);
}
