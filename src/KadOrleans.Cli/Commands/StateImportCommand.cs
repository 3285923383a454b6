using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Hosting;
using KadOrleans.Cli.Output;
using KadOrleans.Cli.State;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state import</c>: reads what <c>export</c> wrote.</summary>
internal static class StateImportCommand
{
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
            await using var stream = await OpenAsync(io, file, cancellationToken);
            var head = new StateReader(stream, file);
            foreach (var _ in head.ReadValues())
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            await using var storage = NodeStorage.Open(data, new StoreQuota(), NullLoggerFactory.Instance);
            var held = await storage.States.LoadAsync(cancellationToken);
            Check(data, held?.Id, head.Id, force);
            stream.Position = 0;
            return await new StateImporter(storage.Keys, storage.States, TimeProvider.System)
                .ImportAsync(head, new StateReader(stream, file).ReadValues(), cancellationToken);
        });
        Print(new ResultPrinter(io, json), data, result);
        return result.Refused == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Check(string data, NodeId? held, NodeId? imported, bool force)
    {
        if (held is { } own && imported is { } other && own != other && !force)
        {
            throw CommandException.WrongUsage(
                $"--data: '{data}' belongs to node {own}, FILE to node {other}; choose another folder, or replace the id with --force.");
        }
    }

    // The file is read twice, so what comes through a pipe is kept meanwhile.
    private static async Task<FileStream> OpenAsync(CommandIo io, string file, CancellationToken cancellationToken)
    {
        try
        {
            if (file != "-")
            {
                return File.OpenRead(file);
            }

            var kept = new FileStream(
                Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);
            await using var input = io.OpenInput();
            await input.CopyToAsync(kept, cancellationToken);
            kept.Position = 0;
            return kept;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"FILE is '{file}', which cannot be read: {e.Message}", e);
        }
    }

    private static void Print(ResultPrinter printer, string data, ImportResult result)
    {
        if (printer.IsJson)
        {
            printer.Json(new JsonObject
            {
                ["data"] = data,
                ["id"] = result.Id?.ToString(),
                ["contacts"] = result.Contacts,
                ["imported"] = result.Imported,
                ["expired"] = result.Expired,
                ["older"] = result.Older,
                ["refused"] = result.Refused,
            });
            return;
        }

        printer.Line(
            $"imported {result.Imported} values and {result.Contacts} contacts into {data}; left out: {result.Expired} expired, "
            + $"{result.Older} older than the folder's, {result.Refused} too long or beyond the quotas");
    }
}
