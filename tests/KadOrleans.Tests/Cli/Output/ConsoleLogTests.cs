using System.Diagnostics;
using KadOrleans.Tests.Node;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Cli;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly StringWriter _output = new();

    private string[] Lines => _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _output.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_for_people_is_one_line_whatever_is_in_it(bool verbose)
    {
        using var services = Services(_output, verbose);

        Loggers(services).CreateLogger("KadOrleans.Node").Log(
            LogLevel.Warning, new EventId(7), "a\u001b[2J\nb", new InvalidOperationException("c\u202e\nd"), (state, _) => state);

        Assert.EndsWith($"Z warning {(verbose ? "KadOrleans.Node[7]: " : string.Empty)}a␛[2J␊b: c<U+202E>␊d", Lines[0], StringComparison.Ordinal);
        Assert.Equal(verbose, Lines.Length > 1);
        Assert.DoesNotContain('\u202e', _output.ToString());
    }

    [Fact]
    public void What_waits_is_written_at_the_end_though_the_pool_has_no_thread_left()
    {
        // The thread that writes waits for more.
        using var queue = new QueuedWriter(_output);
        queue.Write("it began, ");
        Assert.True(SpinWait.SpinUntil(() => _output.GetStringBuilder().Length > 0, TimeSpan.FromMinutes(1)));
        using var end = new ManualResetEventSlim();
        using var left = new CountdownEvent(1000);
        for (var i = 0; i < left.InitialCount; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    end.Wait();
                    left.Signal();
                },
                null);
        }

        queue.Write("and why it ended");
        queue.Dispose();

        var text = _output.ToString();
        end.Set();
        left.Wait(TestContext.Current.CancellationToken);
        Assert.Equal("it began, and why it ended", text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stack_in_a_message_is_a_detail(bool verbose)
    {
        var inner = Assert.Throws<IOException>((Action)(() => throw new IOException("gone")));
        using var services = Services(_output, verbose);

        Loggers(services).CreateLogger("Orleans.Networking").Log(
            LogLevel.Warning, default, $"No connection: {new InvalidOperationException("failed", inner)}", null, (state, _) => state);

        Assert.Contains("No connection: System.InvalidOperationException: failed␊ ---> System.IO.IOException: gone", Lines[0], StringComparison.Ordinal);
        Assert.Equal(verbose, Lines[0].Contains(nameof(A_stack_in_a_message_is_a_detail), StringComparison.Ordinal));
        Assert.Equal(verbose, Lines[0].Contains("--- End of", StringComparison.Ordinal));
    }

    [Fact]
    public void A_category_of_others_is_named_and_scopes_are_where_details_are()
    {
        foreach (var verbose in (bool[])[false, true])
        {
            using var services = Services(_output, verbose);
            var logger = Loggers(services).CreateLogger("Npgsql.Connection");
            using var scope = logger.BeginScope("request 1");
            Log(logger, LogLevel.Warning);
        }

        Assert.EndsWith("Z warning Npgsql.Connection: message", Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("Z warning Npgsql.Connection[0]: message => request 1", Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Programs_get_an_object_in_each_line_with_category_event_scopes_and_trace()
    {
        using var services = Services(_output, verbose: false, ("Logging:Console:FormatterName", "JSON"));
        using var activity = new Activity("request").Start();
        var logger = Loggers(services).CreateLogger("KadOrleans.Node");
        using var scope = logger.BeginScope("request 1");

        logger.Log(LogLevel.Error, new EventId(7), "a\nb", new IOException("gone"), (state, _) => state);

        using var message = JsonDocument.Parse(Assert.Single(Lines));
        var root = message.RootElement;
        Assert.Equal(("KadOrleans.Node", 7, "a\nb"), (Text(root, "Category"), root.GetProperty("EventId").GetInt32(), Text(root, "Message")));
        Assert.Equal(DateTime.UtcNow, root.GetProperty("Timestamp").GetDateTime(), TimeSpan.FromMinutes(5));
        Assert.StartsWith("System.IO.IOException: gone", Text(root, "Exception"), StringComparison.Ordinal);
        var scopes = root.GetProperty("Scopes").EnumerateArray().ToList();
        Assert.Contains(scopes, one => one.ValueKind == JsonValueKind.String && one.GetString() == "request 1");
        Assert.Contains(scopes, one => one.ValueKind == JsonValueKind.Object && Text(one, "TraceId") == activity.TraceId.ToString());
    }

    [Fact]
    public void Scopes_can_be_left_out_and_a_name_that_is_none_is_a_mistake()
    {
        using (var services = Services(
            _output, false, ("Logging:Console:FormatterName", "json"), ("Logging:Console:FormatterOptions:IncludeScopes", "false")))
        {
            Log(Loggers(services).CreateLogger("KadOrleans"), LogLevel.Error);
        }

        using var message = JsonDocument.Parse(Assert.Single(Lines));
        Assert.False(message.RootElement.TryGetProperty("Scopes", out _));
        using var wrong = Services(_output, false, ("Logging:Console:FormatterName", "xml"));
        var mistake = Assert.Throws<OptionsValidationException>(() => Loggers(wrong));
        Assert.Equal(
            "Logging:Console:FormatterName is 'xml'; json, line, simple, systemd are allowed.", Assert.Single(mistake.Failures));
    }

    [Fact]
    public void An_exception_that_several_callers_log_is_logged_once_and_after_the_end_nothing_is()
    {
        using var services = Services(_output, verbose: false);
        var (logger, cause) = (Loggers(services).CreateLogger("KadOrleans"), new IOException("gone"));

        Log("first", cause);
        Log("second", new InvalidOperationException("outer", cause));
        services.GetRequiredService<ConsoleLog>().Close();
        Log("third", null);

        Assert.EndsWith("Z error first: gone", Assert.Single(Lines), StringComparison.Ordinal);

        void Log(string message, Exception? exception) => logger.Log(LogLevel.Error, default, message, exception, (state, _) => state);
    }

    [Theory]
    [InlineData("line", "here|told|it failed")]
    [InlineData("json", "|8150 here/0 told/8151 it failed")]
    public void What_a_process_says_of_itself_is_a_line_for_people_and_a_message_for_programs(string formatter, string expected)
    {
        using var standard = new StringWriter();
        using var services = Services(_output, false, ("Logging:Console:FormatterName", formatter));
        var log = services.GetRequiredService<ConsoleLog>();
        var logger = Loggers(services).CreateLogger("KadOrleans");

        log.Announce("here", standard);
        logger.Log(LogLevel.Error, default, "told", null, (state, _) => state);
        log.End("it failed");
        Log(logger, LogLevel.Error);

        var written = formatter == "json"
            ? string.Join('/', Lines.Select(line => JsonDocument.Parse(line).RootElement).Select(m => $"{m.GetProperty("EventId")} {Text(m, "Message")}"))
            : string.Join('|', Lines.Select(line => line[(line.IndexOf("error ", StringComparison.Ordinal) is > 0 and var i ? i + 6 : 0)..]));
        Assert.Equal(expected, $"{standard.ToString().Trim()}|{written}");
    }

    [Fact]
    public async Task Closing_waits_for_the_line_that_is_being_written()
    {
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        await using var pipe = new Output(() =>
        {
            reached.Set();
            release.Wait();
        });
        await using var services = Services(pipe, verbose: false);
        var logger = Loggers(services).CreateLogger("KadOrleans");
        var writing = Task.Run(() => Log(logger, LogLevel.Error), TestContext.Current.CancellationToken);
        reached.Wait(TestContext.Current.CancellationToken);

        var closing = Task.Run(services.GetRequiredService<ConsoleLog>().Close, TestContext.Current.CancellationToken);
        release.Set();
        await closing;

        Assert.EndsWith("Z error message", pipe.ToString().TrimEnd(), StringComparison.Ordinal);
        await writing;
    }

    [Fact]
    public void A_log_that_cannot_be_written_fails_nobody()
    {
        var attempts = 0;
        using var disk = new Output(() =>
        {
            attempts++;
            throw new IOException("No space left on device");
        });
        using var services = Services(disk, verbose: false);

        Log(Loggers(services).CreateLogger("KadOrleans.Node"), LogLevel.Warning);

        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Nobody_waits_for_an_output_that_nobody_reads_and_what_is_lost_is_counted()
    {
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        await using var pipe = new Output(() =>
        {
            reached.Set();
            release.Wait();
        });
        await using (var queue = new QueuedWriter(pipe))
        {
            await using var services = Services(queue, verbose: false);
            var logger = Loggers(services).CreateLogger("KadOrleans");
            Log(logger, LogLevel.Information);
            reached.Wait(TestContext.Current.CancellationToken);
            for (var i = 0; i < QueuedWriter.MostWaiting + 3; i++)
            {
                Log(logger, LogLevel.Information);
            }

            release.Set();
        }

        var lines = pipe.ToString().TrimEnd().Split(Environment.NewLine);
        Assert.Equal(QueuedWriter.MostWaiting + 1, lines.Count(line => line.EndsWith(" info message", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.EndsWith(" warning 3 messages were lost, as the output of the log took none", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_category_level_and_event_so_many_warnings_and_errors_are_written_in_a_second_and_the_rest_is_counted()
    {
        const string library = "Microsoft.AspNetCore.Server.Kestrel.Http2";
        var clock = new ManualTimeProvider();
        using var services = Services(_output, verbose: false, clock);
        var export = new RecordingLog();
        Loggers(services).AddProvider(export);
        var (loud, other) = (Loggers(services).CreateLogger(library), Loggers(services).CreateLogger("Orleans.Runtime"));

        for (var i = 0; i < CategoryBound.MostPerSecond + 700; i++)
        {
            Log(loud, LogLevel.Error);
        }

        Log(loud, LogLevel.Warning);
        Log(other, LogLevel.Error);
        Assert.Equal(CategoryBound.MostPerSecond + 2, Lines.Length);

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.EndsWith($" warning 700 more messages of level Error and event 0 by {library} were left out within a second", Lines[^1], StringComparison.Ordinal);
        Log(loud, LogLevel.Error);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(CategoryBound.MostPerSecond + 4, Lines.Length);
        Assert.Equal(Lines.Length, export.Events.Count);

        // Another event has a bound of its own, and what was done has none.
        loud.Log(LogLevel.Error, new EventId(7), "other", null, (state, _) => state);
        Assert.EndsWith(" other", Lines[^1], StringComparison.Ordinal);
        Array.ForEach(new int[100], _ => Log(Loggers(services).CreateLogger(AuditLog.Category), LogLevel.Warning));
        Assert.Equal(CategoryBound.MostPerSecond + 105, Lines.Length);

        // What the process itself says is never left out.
        Array.ForEach(new int[100], _ => services.GetRequiredService<ConsoleLog>().Announce("here", _output));
        Assert.Equal(CategoryBound.MostPerSecond + 205, Lines.Length);
    }

    private static ServiceProvider Services(TextWriter output, bool verbose, params (string Name, string Value)[] settings) =>
        Services(output, verbose, TimeProvider.System, settings);

    private static ServiceProvider Services(TextWriter output, bool verbose, TimeProvider time, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create<string, string?>(one.Name, one.Value))).Build();
        return new ServiceCollection()
            .AddLogging(logging => logging.UseConsoleLog(output, verbose, time).AddConfiguration(configuration.GetSection("Logging")))
            .BuildServiceProvider();
    }

    private static ILoggerFactory Loggers(ServiceProvider services) => services.GetRequiredService<ILoggerFactory>();

    private static string? Text(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static void Log(ILogger logger, LogLevel level) => logger.Log(level, default, "message", null, (state, _) => state);

    private sealed class Output(Action beforeLine) : StringWriter
    {
        public override void Write(string? value)
        {
            beforeLine();
            base.Write(value);
        }
    }
}
