using KadOrleans.Edge.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Edge.Tests.Hosting;

public sealed class VisibleFormatterTests
{
    [Fact]
    public void A_message_is_one_line_of_the_simple_formatter_whatever_is_in_it()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging
            .AddSimpleConsole(console => (console.SingleLine, console.ColorBehavior) = (true, LoggerColorBehavior.Disabled))
            .AddConsoleFormatter<VisibleFormatter, ConsoleFormatterOptions>());
        using var provider = services.BuildServiceProvider();
        var formatter = provider.GetServices<ConsoleFormatter>().OfType<VisibleFormatter>().Single();
        using var output = new StringWriter();

        formatter.Write(
            new LogEntry<string>(
                LogLevel.Warning, "Category", 7, "a\u001b[2J\u202e", new InvalidOperationException("b\u200b\nc"), (state, _) => state),
            null,
            output);

        Assert.Equal("warn: Category[7] a␛[2J<U+202E> System.InvalidOperationException: b<U+200B> c" + Environment.NewLine, output.ToString());
    }
}
