using Spectre.Console;

namespace KadOrleans.Cli.Output;

/// <summary>Shows a person that something which takes long is under way.</summary>
/// <param name="io">Shown on its error output, if that is a terminal.</param>
/// <param name="silent">Nothing is shown: a program reads along.</param>
internal sealed class Progress(CommandIo io, bool silent)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    /// <summary>Does the work and shows <paramref name="title"/> from two seconds on.</summary>
    public async Task<T> ShowAsync<T>(string title, Func<Task<T>> work)
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
            await console.Status().StartAsync(Markup.Escape(title), _ => Task.WhenAny(task));
        }

        await done.CancelAsync();
        return await task;
    }
}
