using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli;

internal static class StateCommand
{
    // Below what the storage queues (8192).
    private const int BatchSize = 4096;

    public static Command Create(CommandIo io) =>
        new ExampleCommand("state", "Write a stopped node's id, contacts and values to a file, or read them back.")
        {
            Examples = ["kad state export backup.json --data /var/lib/kad", "kad state import backup.json --data /var/lib/kad"],
        }.With(CreateExport(io), CreateImport(io));

    private static ExampleCommand CreateExport(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to write; - is the standard output." };
        var salvage = new Option<bool>("--salvage")
        {
            Description = "Export the readable part of a damaged folder, which stays as it is. Exit code 1 if something is missing.",
        };
        var data = CommonOptions.Data();
        return new ExampleCommand("export", "Write a stopped node's id, contacts and values to a JSON file.")
        {
            Examples = ["kad state export backup.json", "kad state export - --data /var/lib/kad | gzip > backup.json.gz", "kad state export rest.json --salvage"],
            Notes = "The file: {\"format\":\"kad-state\",\"version\":1,\"id\",\"contacts\":[{\"id\",\"ip\",\"port\"}],"
                + "\"values\":[{\"key\",\"type\",\"value\",\"storedAt\",\"expiresAt\",\"source\"}]}.",
        }.With(file, data, salvage).Runs((parsed, json, cancellationToken) => new Progress(io, json).ShowAsync(() => "Exporting…", () =>
            ExportAsync(io, parsed.GetValue(file)!, parsed.GetValue(data)!, parsed.GetValue(salvage), json, cancellationToken)));
    }

    private static ExampleCommand CreateImport(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to read; - is the standard input." };
        var force = new Option<bool>("--force") { Description = "Replace the id of a folder that belongs to another node." };
        var data = CommonOptions.Data();
        return new ExampleCommand("import", "Read a node's id, contacts and values from a JSON file.")
        {
            Examples = ["kad state import backup.json", "gunzip -c backup.json.gz | kad state import - --data /var/lib/kad"],
            Notes = "Id and contacts replace those of the folder. Values are added; of two values of a key the one stored later stays. "
                + "The whole file is checked before anything is written.",
        }.With(file, data, force).Runs((parsed, json, cancellationToken) =>
            ImportAsync(io, parsed.GetValue(file)!, parsed.GetValue(data)!, parsed.GetValue(force), json, cancellationToken));
    }

    private static async Task<int> ExportAsync(
        CommandIo io, string file, string data, bool salvages, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.CheckOutput(json, file, "FILE '-'");

        // Opening would create a missing folder.
        if (!File.Exists(Path.Combine(data, SqliteNodeFile.Name)))
        {
            throw CommandException.WrongUsage($"--data: '{data}' holds no node's database ({SqliteNodeFile.Name}); the folder of a node is needed.");
        }

        await using var storage = OpenForReading(data, salvages);
        var state = await storage.States.LoadAsync(cancellationToken);
        if (storage.Damage is not null && state is null && (await storage.Keys.GetUsageAsync(cancellationToken)).Keys == 0)
        {
            throw CommandException.WrongUsage($"--data: nothing in '{data}' can be read.");
        }

        var (contacts, values) = (state?.Contacts.Count ?? 0, file == StateFile.Standard
            ? await WriteAsync(io.OutputBytes)
            : await StateFile.WriteAsync(file, WriteAsync));
        var printer = new ResultPrinter(io, json);
        return printer.End(
            new JsonObject { ["file"] = file, ["contacts"] = contacts, ["values"] = values },
            PrintFile,
            storage.Damage is null ? null : $"In a copy of '{data}': {storage.Damage}");

        void PrintFile()
        {
            if (file != StateFile.Standard)
            {
                printer.Line($"exported {values} values and {contacts} contacts to {file}");
            }
        }

        Task<long> WriteAsync(Stream stream) =>
            StateWriter.WriteAsync(stream, state, storage.Keys.ScanAsync(cancellationToken), cancellationToken);
    }

    // A damaged file is read from a copy where it salvages.
    private static SqliteNodeFile OpenForReading(string folder, bool salvages)
    {
        try
        {
            return SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        }
        catch (KeyStoreException e) when (e.InnerException is DamagedDatabaseException)
        {
            return salvages
                ? SqliteNodeFile.OpenCopy(folder)
                : throw CommandException.WrongUsage($"--data: {e.Message} --salvage exports what can be read.", e);
        }
    }

    private static async Task<int> ImportAsync(
        CommandIo io, string file, string data, bool force, bool json, CancellationToken cancellationToken)
    {
        var (id, contacts, values) = await new Progress(io, json).ShowAsync(() => "Importing…", async () =>
        {
            await using var stream = await StateFile.OpenAsync(file, io.OpenInput, cancellationToken);
            var head = new StateReader(stream, file);
            foreach (var _ in head.ReadValues())
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            await using var storage = SqliteNodeFile.Open(data, new StoreQuota());
            var held = await storage.States.LoadAsync(cancellationToken);
            if (held?.Id is { } own && head.Id is { } other && own != other && !force)
            {
                throw CommandException.WrongUsage(
                    $"--data: '{data}' belongs to node {own}, FILE to node {other}; choose another folder, or replace the id with --force.");
            }

            stream.Position = 0;
            return await ImportAsync(storage, head, new StateReader(stream, file), cancellationToken);
        });
        var printer = new ResultPrinter(io, json);
        return printer.End(
            ResultJson.Of(new { data, Id = id?.ToString(), contacts, values.Imported, values.Expired, values.Older, values.Refused }),
            () => printer.Line($"imported {values.Imported} values and {contacts} contacts into {data}; left out: {values.Expired} expired, "
                + $"{values.Older} not newer than the folder's, {values.Refused} too long, beyond the quotas, or not signed by their owners"),
            values.Refused == 0 ? null : $"{values.Refused} values were not imported: they are too long, beyond the quotas, or not signed by their owners.");
    }

    /// <summary>Imports. The result is the id that the folder has now, if any, the contacts that replaced the folder's, and the values.</summary>
    private static async Task<(NodeId? Id, int Contacts, ImportResult Values)> ImportAsync(
        SqliteNodeFile storage, StateReader head, StateReader values, CancellationToken cancellationToken)
    {
        // A node keeps its own publications elsewhere. A value that a cluster published is an ordinary value here.
        var importer = new StateImporter(storage.Keys, BatchSize, TimeProvider.System);
        var unpublished = values.ReadValues().Select(value => KeyValuePair.Create(value.Key, value.Value with { PublishedAt = null }));
        if (!await importer.ImportAsync(unpublished, cancellationToken))
        {
            throw new KeyStoreException("The database could not be written; free its disk, and import again.");
        }

        if (head.Id is { } id)
        {
            await storage.States.SaveAsync(new NodeState(id, [.. head.Contacts]), CancellationToken.None);
        }

        var state = await storage.States.LoadAsync(CancellationToken.None);
        return (state?.Id, head.Id is null ? 0 : head.Contacts.Count, importer.Result);
    }
}
