using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Hosting;
using KadOrleans.Cli.Output;
using KadOrleans.StateFiles;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state export</c>: writes a data folder to a JSON file.</summary>
internal static class StateExportCommand
{
    public static Command Create(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to write; - is the standard output." };
        var salvage = new Option<bool>("--salvage")
        {
            Description = "Export what can be read of a damaged folder, which stays as it is. Exit code 1 if something is missing.",
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
        // Opening would make a folder that is not there.
        if (!File.Exists(Path.Combine(data, SqliteDatabase.FileName)))
        {
            throw CommandException.WrongUsage($"--data: '{data}' holds no node's database ({SqliteDatabase.FileName}); the folder of a node is needed.");
        }

        return await new Progress(io, json).ShowAsync("Exporting…", async () =>
        {
            await using var salvaged = SalvagedStorage.Open(data, salvages);
            if (salvaged.Damage is not null && await IsEmptyAsync(salvaged.Storage, cancellationToken))
            {
                throw CommandException.WrongUsage($"--data: nothing that is in '{data}' can be read.");
            }

            await ExportAsync(io, file, salvaged.Storage, json, cancellationToken);
            if (salvaged.Damage is null)
            {
                return ExitCode.Done;
            }

            io.Say($"In a copy of '{data}': {salvaged.Damage}");
            return ExitCode.Failed;
        });
    }

    private static async Task<bool> IsEmptyAsync(NodeStorage storage, CancellationToken cancellationToken) =>
        (await storage.Keys.GetUsageAsync(cancellationToken)).Keys == 0 && await storage.States.LoadAsync(cancellationToken) is null;

    private static async Task ExportAsync(
        CommandIo io, string file, NodeStorage storage, bool json, CancellationToken cancellationToken)
    {
        if (file == StateFile.Standard)
        {
            await WriteAsync(storage, io.OutputBytes, cancellationToken);
            return;
        }

        var (contacts, values) = await StateFile.WriteAsync(file, stream => WriteAsync(storage, stream, cancellationToken));
        var printer = new ResultPrinter(io, json);
        if (json)
        {
            printer.Json(new JsonObject { ["file"] = file, ["contacts"] = contacts, ["values"] = values });
        }
        else
        {
            printer.Line($"exported {values} values and {contacts} contacts to {file}");
        }
    }

    private static async Task<(int Contacts, long Values)> WriteAsync(
        NodeStorage storage, Stream stream, CancellationToken cancellationToken)
    {
        var state = await storage.States.LoadAsync(cancellationToken);
        var values = await StateWriter.WriteAsync(stream, state, storage.Keys.ScanAsync(cancellationToken), cancellationToken);
        return (state?.Contacts.Count ?? 0, values);
    }
}
