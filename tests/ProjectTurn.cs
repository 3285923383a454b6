[assembly: AssemblyFixture(typeof(ProjectTurn))]

namespace KadOrleans.Lab;

/// <summary>
/// One project's tests at a time on a machine, also where <c>dotnet test</c> starts all of the solution: a starved process fails by its
/// deadlines.
/// </summary>
public sealed class ProjectTurn : IAsyncLifetime
{
    private FileStream? _lock;

    public async ValueTask InitializeAsync() => _lock = await FileTurn.TakeAsync("kad-tests.lock");

    public ValueTask DisposeAsync() => _lock?.DisposeAsync() ?? ValueTask.CompletedTask;
}
