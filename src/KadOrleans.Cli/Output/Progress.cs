using Spectre.Console;

namespace KadOrleans.Cli;

/// <summary>Shows progress to a person.</summary>
/// <param name="io">Shown on its error output, if that is a terminal.</param>
/// <param name="silent">Shows nothing: a program reads the output.</param>
internal sealed class Progress(CommandIo io, bool silent)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Does the work and shows <paramref name="title"/> from two seconds on.</summary>
    public Task<T> ShowAsync<T>(string title, Func<Task<T>> work) => ShowAsync(() => title, work);

    /// <summary>Does the work and shows the text of <paramref name="describe"/>, renewed twice a second.</summary>
    public async Task<T> ShowAsync<T>(Func<string> describe, Func<Task<T>> work)
    {
        var task = work();
        if (silent || !io.IsErrorTerminal)
        {
            return await task;
        }

        using var done = new CancellationTokenSource();
        if (await Task.WhenAny(task, Task.Delay(Delay, done.Token)) != task)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(io.Error) });
            await console.Status().StartAsync(Markup.Escape(describe()), async status =>
            {
                while (await Task.WhenAny(task, Task.Delay(Interval, done.Token)) != task)
                {
                    status.Status(Markup.Escape(describe()));
                }
            });
        }

        await done.CancelAsync();
        return await task;
    }
}
