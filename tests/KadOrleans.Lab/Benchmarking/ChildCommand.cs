using System.ComponentModel;

namespace KadOrleans.Lab;

/// <summary>A process of its own, of this build or another program, which says where it listens.</summary>
internal sealed class ChildCommand : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    private readonly ChildProcess _process;
    private readonly string _line;
    private readonly bool _servesStatus;

    private ChildCommand(ChildProcess process, string line, UdpEndpoint endpoint, bool servesStatus) =>
        (_process, _line, Endpoint, _servesStatus) = (process, line, endpoint, servesStatus);

    public UdpEndpoint Endpoint { get; }

    public NodeId Id => NodeId.Parse(_line.Split(' ')[^1]);

    public TimeSpan Cpu => _process.ProcessorTime;

    public ResidentMemory Memory => new(_process.Memory);

    /// <summary>Starts a command of this build and waits for its first line, <c>listening udp ADDRESS:PORT</c>.</summary>
    public static Task<ChildCommand> StartAsync(CommandIo io, string executable, string[] arguments, CancellationToken cancellationToken) =>
        StartAsync(
            io,
            ChildProcess.Start(executable, Environment.CurrentDirectory, arguments),
            arguments.Contains("--http"),
            _ => CommandException.Failed($"'{executable} {arguments[0]}' did not start."),
            cancellationToken);

    /// <summary>
    /// Starts an embedded script, with arguments, that runs a node of a Python module. It says <c>missing: </c> and why where the module
    /// cannot be imported.
    /// </summary>
    public static async Task<ChildCommand> StartPythonAsync(
        CommandIo io, string module, (string Name, string Value) interpreter, string install, string[] script, CancellationToken cancellationToken)
    {
        const string missing = "missing: ";
        var given = $"{interpreter.Name} is '{interpreter.Value}', which";
        using var code = new StreamReader(typeof(ChildCommand).Assembly.GetManifestResourceStream($"KadOrleans.Lab.{script[0]}")!);
        var program = new ProcessStartInfo(interpreter.Value, ["-c", await code.ReadToEndAsync(cancellationToken), .. script[1..]]);
        try
        {
            return await StartAsync(io, ChildProcess.Start(program), servesStatus: false, Complain, cancellationToken);
        }
        catch (Win32Exception e)
        {
            throw CommandException.WrongUsage($"{given} cannot be started; a Python interpreter that can import {module} is needed.", e);
        }

        CommandException Complain(string? line) => line?.StartsWith(missing, StringComparison.Ordinal) == true
            ? CommandException.WrongUsage($"{given} cannot import {module} ({line[missing.Length..]}); {install}.")
            : CommandException.Failed($"{given} did not start a node of {module}.");
    }

    /// <summary>Its garbage collections until now, by the status that it serves; null without <c>--http</c>.</summary>
    public async Task<GarbageCollections?> ReadCollectionsAsync(CancellationToken cancellationToken)
    {
        if (!_servesStatus)
        {
            return null;
        }

        try
        {
            var address = await Eventually.ReadAsync(() => Task.FromResult(NodeProcess.HttpOf(_process)), http => http.Length > 0);
            var status = await Http.GetStringAsync(new Uri($"http://{address}/status"), cancellationToken);
            return GarbageCollections.Parse(JsonNode.Parse(status)!["garbageCollections"]!);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or OperationCanceledException { InnerException: TimeoutException })
        {
            throw CommandException.Failed($"The node that was started does not tell its status ({e.Message.TrimEnd('.')}).", e);
        }
    }

    // Nothing of it is to be kept, so it need not stop in order.
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<ChildCommand> StartAsync(
        CommandIo io, ChildProcess process, bool servesStatus, Func<string?, CommandException> complain, CancellationToken cancellationToken)
    {
        try
        {
            _ = SayAsync(io, process.Error);
            var line = await process.Output.NextAsync(cancellationToken);
            return line?.Split(' ') is ["listening", "udp", var text, ..] && UdpEndpoint.TryParse(text, out var endpoint)
                ? new ChildCommand(process, line, endpoint, servesStatus)
                : throw complain(line);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static async Task SayAsync(CommandIo io, ProcessLines lines)
    {
        while (await lines.NextAsync(CancellationToken.None) is { } line)
        {
            if (!line.Contains(" info ", StringComparison.Ordinal))
            {
                io.Say(line);
            }
        }
    }
}

/// <summary>Garbage collections of a process. That of a generation is one of the younger ones too.</summary>
internal readonly record struct GarbageCollections(int Gen0, int Gen1, int Gen2)
{
    public static GarbageCollections operator +(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 + right.Gen0, left.Gen1 + right.Gen1, left.Gen2 + right.Gen2);

    public static GarbageCollections operator -(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 - right.Gen0, left.Gen1 - right.Gen1, left.Gen2 - right.Gen2);

    public static GarbageCollections Parse(JsonNode json) => new((int)json["gen0"]!, (int)json["gen1"]!, (int)json["gen2"]!);

    public override string ToString() => Gen0 == 0 ? "0" : $"{Gen0} (generation 1: {Gen1}, generation 2: {Gen2})";
}

/// <summary>A process's pages in the machine's memory, now and at most since it began.</summary>
internal readonly record struct ResidentMemory((long Current, long Peak) Bytes)
{
    private const double Megabyte = 1_000_000;

    public double CurrentMegabytes => Math.Round(Bytes.Current / Megabyte, 1);

    public double PeakMegabytes => Math.Round(Bytes.Peak / Megabyte, 1);

    public override string ToString() => $"{CurrentMegabytes:0} MB resident, {PeakMegabytes:0} MB at most";
}
